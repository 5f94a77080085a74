#include "sqlite/file/whole_file.h"

namespace appcreate::sqlite {

bool is_whole_file(const Connection &connection) {
    try {
        Statement statement = connection.prepare("PRAGMA quick_check(1)");
        Run run(statement);
        return run.row() && run.text_at(0) == "ok";
    } catch (const Error &error) {
        if (!error.is_damage()) throw;
        return false;
    }
}

}  // namespace appcreate::sqlite
