// Memory for the pages that SQLite keeps, so that they do not come from malloc. Where several processes write, each
// batch begins by dropping the pages that another process changed, on whatever thread of the host's pool it runs, and
// each of these threads would keep what it freed, some 0.5 MB, in an arena of its own.
#pragma once

namespace appcreate::sqlite {

// For the whole process, once: 2 MiB that stay until it ends, whoever else uses SQLite in it. When they are used up,
// SQLite replaces pages rather than asking for more. Does nothing where SQLite was in use before or memory is short:
// then malloc serves, as it does in tools. Not while another thread makes the process's first call of SQLite
// (sqlite3_config).
void reserve_page_memory() noexcept;

}  // namespace appcreate::sqlite
