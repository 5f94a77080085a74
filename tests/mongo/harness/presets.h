// What servers of each kind say: for the scripted server's hello, and for changing real replies in the fault proxy.
#pragma once

#include <string>
#include <vector>

#include "harness/bson.h"
#include "harness/fault_proxy.h"
#include "harness/scripted_server.h"

namespace appcreate::test {

// ---- hello; none has a topologyVersion
Bson standalone_hello();
Bson mongos_hello();

struct Member {
    std::string set = "rs0";
    std::vector<std::string> hosts;  // HOST:PORT of all
    std::string me;
    std::string primary;  // empty: the set has none; `me`: this one
    int election = 1;     // of the primary; grows with every failover
};
Bson member_hello(const Member &member);

// ---- replies to writes
Bson not_writable_primary();                    // 10107
Bson not_authorized();                          // 13: it will say so again
Bson stepped_down();                            // 11602, InterruptedDueToReplStateChange
Bson duplicate_key_error(int index = 0);        // 11000 as a writeError
Bson write_concern_timeout(const Bson &reply);  // `reply` and a writeConcernError 64 with wtimeout
Bson write_concern_failed(const Bson &reply);   // `reply` and a writeConcernError 91, ShutdownInProgress

// Changes duplicate key errors so that they name another index, or none.
Change name_duplicates(std::string index = {});
// The first `n` documents of an insert, as if the primary had stopped there.
Change first_documents(std::size_t n);
// A reply of find with nothing in it: what a majority read says of what no majority has.
Bson empty_cursor(const Bson &reply);
// A script or a change that always says the same.
Change always(Bson document);
Script script_of(Bson document);
// Everything that `document` says, in place of what the reply says about it.
Change with_members(Bson document);

// saslStart fails as a server does with a wrong password (18).
Reply authentication_failed();

}  // namespace appcreate::test
