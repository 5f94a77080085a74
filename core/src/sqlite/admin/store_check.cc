#include "sqlite/admin/store_check.h"

#include <string>
#include <vector>

#include "sqlite/admin/check.h"

namespace appcreate::sqlite {
namespace {

// Another repair may come between; not for ever.
constexpr int kAttempts = 5;

class StoreCheck {
  public:
    StoreCheck(const Transactions &transactions, bool repair, const RowSink &row)
        : transactions_(transactions), repair_(repair), row_(row) {}

    bool run() {
        part([this] { report(transactions_.reading(check_file)); });
        part([this] { report(transactions_.reading(check_references)); });
        part([this] { counts(); });
        part([this] { requests(); });
        part([this] { records(); });
        return is_whole_;
    }

  private:
    void report(const std::vector<ProblemRow> &problems) {
        for (const ProblemRow &problem : problems) {
            is_whole_ = is_whole_ && problem.repaired;
            is_wanted_ = is_wanted_ && row_(render(problem));
        }
    }

    // What SQLite cannot read is a problem to report, not the end of the check.
    template <class Function>
    void part(const Function &function) {
        if (!is_wanted_) return;
        try {
            function();
        } catch (const Failure &failure) {
            if ((failure.detail() & 0xff) != SQLITE_CORRUPT) throw;
            // Every part meets the same damage.
            if (damage_ == failure.what()) return;
            damage_ = failure.what();
            report({{"file", "", damage_, false}});
        }
    }

    std::optional<Count> count_behind(std::int64_t after) {
        return transactions_.reading([&](const Connection &connection) { return read_count(connection, after); });
    }

    void counts() {
        std::optional<Count> count;
        for (std::int64_t after = 0; is_wanted_ && (count = count_behind(after)); after = count->rowid) {
            if (count->counted == count->records) continue;
            report({wrong_count(*count, repair_ && mend(*count))});
        }
    }

    bool mend(Count count) {
        for (int i = 0; i < kAttempts; ++i) {
            transactions_.writing([&](const Connection &connection) { return mend_count(connection, count); });
            const auto again = count_behind(count.rowid - 1);
            if (!again || again->rowid != count.rowid || again->counted == again->records) return true;
            count = *again;
        }
        return false;
    }

    void requests() {
        std::size_t stray = 0;
        for (std::int64_t after = 0;;) {
            const RequestsChecked checked =
                transactions_.reading([&](const Connection &connection) { return check_requests(connection, after); });
            stray += checked.stray.size();
            if (repair_ && !checked.stray.empty()) {
                transactions_.writing([&](const Connection &connection) {
                    remove_requests(connection, checked.stray);
                    return true;
                });
            }
            after = checked.next;
            if (after == 0) break;
        }
        if (stray != 0) report({stray_requests(stray, repair_)});
    }

    void records() {
        for (std::int64_t after = 0; is_wanted_;) {
            const RecordsChecked checked =
                transactions_.reading([&](const Connection &connection) { return check_records(connection, after); });
            report(checked.problems);
            after = checked.next;
            if (after == 0) return;
        }
    }

    const Transactions &transactions_;
    const bool repair_;
    const RowSink &row_;
    bool is_whole_ = true;
    bool is_wanted_ = true;
    std::string damage_;
};

}  // namespace

bool check_store(const Transactions &transactions, bool repair, const RowSink &row) {
    return StoreCheck(transactions, repair, row).run();
}

}  // namespace appcreate::sqlite
