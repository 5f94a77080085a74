// What values.h promises of SHA-256 (libcrypto's), random bytes (the kernel's), and new ids.
#include <openssl/evp.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <new>

#include "base/digest.h"
#include "base/failure.h"
#include "base/mutex.h"
#include "base/values.h"

namespace appcreate {
namespace {

struct DigestContextFree {
    void operator()(EVP_MD_CTX *context) const noexcept { EVP_MD_CTX_free(context); }
};

// Fetched once: SHA256() and EVP_sha256() look the algorithm up again at each use. Never freed, so that nothing is
// left to run at exit.
const EVP_MD *sha256_algorithm() {
    static std::atomic<EVP_MD *> cached{nullptr};
    EVP_MD *algorithm = cached.load(std::memory_order_acquire);
    if (algorithm != nullptr) return algorithm;
    EVP_MD *fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (fetched == nullptr) throw Failure(AC_EINTERNAL, "libcrypto has no SHA-256; mend its configuration");
    if (cached.compare_exchange_strong(algorithm, fetched, std::memory_order_acq_rel)) return fetched;
    EVP_MD_free(fetched);
    return algorithm;
}

// A process's part of its ids. Not bson_oid_init()'s: that is a hash of the microsecond, the process and the host's
// name, which may all be the same in containers of one image that start together.
struct IdState {
    Mutex mutex;
    pid_t process GUARDED_BY(mutex) = 0;
    std::array<std::uint8_t, 5> random GUARDED_BY(mutex){};
    std::uint32_t counter GUARDED_BY(mutex) = 0;
};
constinit IdState id_state;

}  // namespace

Digest sha256(std::string_view data) { return sha256({data}); }

Digest sha256(std::initializer_list<std::string_view> parts) {
    // Kept by each thread: making one costs as much as a digest of a token.
    thread_local const std::unique_ptr<EVP_MD_CTX, DigestContextFree> context(EVP_MD_CTX_new());
    if (context == nullptr) throw std::bad_alloc();
    bool ok = EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1;
    for (const std::string_view part : parts) {
        ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    }
    Digest digest;
    ok = ok && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
    if (!ok) throw std::bad_alloc();  // the only way in which a digest of memory fails
    return digest;
}

// Not RAND_bytes(): libcrypto keeps a generator for each thread that asks, to be freed as the thread ends. nginx does
// not join its pool's threads, so that one could still be ending while exit() already takes libcrypto down.
void random_bytes(void *out, std::size_t n) {
    if (getentropy(out, n) != 0) {
        throw Failure(AC_EINTERNAL, "the system has no random bytes; check that getrandom() is allowed here", errno);
    }
}

ObjectId ObjectId::make() {
    const auto seconds = static_cast<std::uint32_t>(now_ms() / 1000);
    const pid_t process = getpid();
    ObjectId id;
    const MutexLock lock(id_state.mutex);
    if (id_state.process != process) {
        random_bytes(id_state.random.data(), id_state.random.size());
        random_bytes(&id_state.counter, sizeof(id_state.counter));
        id_state.process = process;
    }
    const std::uint32_t counter = id_state.counter++;
    for (std::size_t i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i));
    for (std::size_t i = 0; i < 5; ++i) id.bytes[4 + i] = id_state.random[i];
    for (std::size_t i = 0; i < 3; ++i) id.bytes[9 + i] = static_cast<std::uint8_t>(counter >> (16 - 8 * i));
    return id;
}

}  // namespace appcreate
