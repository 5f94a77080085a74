// Boost.JSON is compiled into the library, hidden as all of it, and linked from nowhere.
#include <boost/json/src.hpp>
