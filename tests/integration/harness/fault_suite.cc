#include "fault_suite.h"

#include "answers.h"

namespace appcreate::test {

GatewayOptions FaultSuite::options() {
    GatewayOptions options;
    options.workers = GetParam();
    options.server = "app_create_timeout 1s;";
    options.key_cache = "app_create_key_cache zone=keys:1m valid=1h invalid=1s;";
    return options;
}

Response FaultSuite::create() { return gateway().client().send(gateway().request(R"({"name":"F"})")); }

void FaultSuite::warm() {
    for (int i = 0; i < 20 * GetParam(); ++i) {
        expect_created(create());
    }
}

void FaultSuite::expect_fault(int requests) {
    for (int i = 0; i < requests; ++i) {
        expect_database_error(create());
        EXPECT_EQ(gateway().static_file(), "static\n");
    }
}

void FaultSuite::expect_recovery() {
    // Each worker comes back by itself, so one answer of one of them is not enough.
    Response last;
    EXPECT_TRUE(eventually([&] {
        for (int i = 0; i < 10 * GetParam(); ++i) {
            last = create();
            if (last.status != 200) {
                return false;
            }
        }
        return true;
    })) << last.body;
    expect_created(last);
}

void FaultSuite::expect_few_lines(const std::string &what, const std::string &remedy) {
    const std::string log = gateway().log_of_test();
    EXPECT_FALSE(lines_with(log, "[error]").empty()) << "nothing was logged";
    expect_few_lines();
    EXPECT_FALSE(lines_with(log, what).empty()) << "no line names " << what;
    EXPECT_FALSE(lines_with(log, remedy).empty()) << "no line says \"" << remedy << "\"";
}

void FaultSuite::expect_few_lines() {
    const std::vector<std::string> lines = lines_with(gateway().log_of_test(), "[error]");
    EXPECT_LE(lines.size(), 6U * static_cast<std::size_t>(GetParam())) << lines.back();
}

}  // namespace appcreate::test
