#include "sqlite/auth/key_names.h"

namespace appcreate::sqlite {

bool has_key_names(const Connection &connection) {
    return connection.query_integer("SELECT count(*) FROM pragma_table_info('keys') WHERE name = 'name'") != 0;
}

void set_key_name(const Connection &connection, const ObjectId &key, std::string_view name) {
    if (!has_key_names(connection)) {
        if (name.empty()) return;
        connection.exec("ALTER TABLE keys ADD COLUMN name TEXT NOT NULL DEFAULT ''");
    }
    Statement statement = connection.prepare("UPDATE keys SET name = ? WHERE id = ?");
    Run(statement).text(name).blob(key.bytes).done();
}

}  // namespace appcreate::sqlite
