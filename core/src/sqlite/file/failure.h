// What a SQLite error means for whoever runs the store: a status, the file, SQLite's words, and how to mend it.
#pragma once

#include <string>
#include <string_view>

#include "base/failure.h"
#include "sqlite/file/statement.h"

namespace appcreate::sqlite {

Failure failure_of(const Error &error, const std::string &path);

// `store "PATH": TEXT`, as every message of this store begins.
std::string about(const std::string &path, std::string_view text);

// The command that makes or upgrades the store.
std::string init_command(const std::string &path);

// The file is there and has no byte: never made, or, `was_store`, emptied.
Failure emptied(const std::string &path, bool was_store);

// There was a store, and its file is not there.
Failure gone(const std::string &path);

// May another connection work where this one failed?
bool is_mended_by_reopening(const Error &error) noexcept;

// Runs `function`; an Error leaves as a Failure.
template <class Function>
auto guarded(const std::string &path, Function &&function) {
    try {
        return function();
    } catch (const Error &error) {
        throw failure_of(error, path);
    }
}

}  // namespace appcreate::sqlite
