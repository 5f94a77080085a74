// Who owns a store's files, for "init --owner".
#pragma once

#include <sys/types.h>

#include <string>

namespace appctl {

struct Owner {
    uid_t user = 0;
    gid_t group = 0;
};

// USER or USER:GROUP, names or numbers; without a group the user's own. Throws Misused.
Owner find_owner(const std::string &text);

// Gives the store's file and those that SQLite keeps beside it to `owner`. Throws Failed.
void give_to(const Owner &owner, const std::string &path);

}  // namespace appctl
