#include "sqlite/create/freeze.h"

namespace appcreate::sqlite {

StoreFreeze::StoreFreeze(const Connection &connection)
    : select_(connection.prepare("SELECT value FROM meta WHERE name = 'frozen'")) {}

Freeze StoreFreeze::read() {
    Run run(select_);
    return run.row() ? freeze_of(run.integer_at(0)) : Freeze{0};
}

bool has_organization_freezes(const Connection &connection) {
    return connection.query_integer("SELECT count(*) FROM pragma_table_info('organizations') WHERE name = 'frozen'") !=
           0;
}

void set_store_freeze(const Connection &connection, Freeze seconds) {
    if (seconds == 0) return connection.exec("DELETE FROM meta WHERE name = 'frozen'");
    Statement statement = connection.prepare("INSERT OR REPLACE INTO meta VALUES('frozen', ?)");
    Run(statement).integer(seconds).done();
}

void set_organization_freeze(const Connection &connection, std::int64_t organization, Freeze seconds) {
    if (!has_organization_freezes(connection)) {
        if (seconds == 0) return;
        connection.exec("ALTER TABLE organizations ADD COLUMN frozen INTEGER NOT NULL DEFAULT 0");
    }
    Statement statement = connection.prepare("UPDATE organizations SET frozen = ? WHERE rowid = ?");
    Run(statement).integer(seconds).integer(organization).done();
}

}  // namespace appcreate::sqlite
