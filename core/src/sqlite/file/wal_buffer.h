// Buffers a transaction's WAL writes: SQLite issues two small unaligned writes for each page, and their cost is for
// each call and each block touched.
#pragma once

namespace appcreate::sqlite {

// The VFS's name, for sqlite3_open_v2; registered at the first call. It is the default VFS in all but the WAL.
//
// Needs synchronous=FULL: frames reach the file, where other connections see the commit, only at the sync. Throws
// Error.
const char *wal_buffer_vfs();

}  // namespace appcreate::sqlite
