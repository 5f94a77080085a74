#include "support/host_log.h"

#include "app_create.h"

namespace appcreate::test {

void HostLog::write(void *self, int level, const char *message, std::size_t size) {
    auto &log = *static_cast<HostLog *>(self);
    const std::lock_guard lock(log.mutex_);
    log.lines_.emplace_back(message, size);
    if (level != AC_LOG_NOTICE && level != AC_LOG_RECOVERED) log.complaints_.emplace_back(message, size);
}

std::vector<std::string> HostLog::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
}

std::vector<std::string> HostLog::complaints() const {
    const std::lock_guard lock(mutex_);
    return complaints_;
}

void HostLog::clear() {
    const std::lock_guard lock(mutex_);
    lines_.clear();
    complaints_.clear();
}

}  // namespace appcreate::test
