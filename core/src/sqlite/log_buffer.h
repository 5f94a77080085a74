// A VFS of SQLite that gathers what a transaction writes to the write-ahead log. SQLite writes each page of it by two
// calls, header and content, across the blocks of the file; most of what a write costs is paid by the call and the
// block.
#pragma once

namespace appcreate::sqlite {

// The VFS's name, for sqlite3_open_v2; registered at the first call. It is the default VFS in all but the log.
//
// Only for connections whose every commit syncs the log (synchronous=FULL): a commit is visible to others as soon as it
// is written, and the sync is when what was gathered gets to the file. Throws Error.
const char *log_buffer_vfs();

}  // namespace appcreate::sqlite
