// MongoDB's wire protocol, as much of it as naming a command, answering it and changing either takes: OP_MSG, and
// OP_QUERY with OP_REPLY, which libmongoc still uses for its handshake. No compression, no checksums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/bson.h"

namespace appcreate::test {

using Bytes = std::vector<std::uint8_t>;

// One whole message with its header.
struct Message {
    Bytes bytes;

    [[nodiscard]] std::int32_t request_id() const;
    [[nodiscard]] std::int32_t response_to() const;
};

// Cuts a stream into messages.
class Framer {
  public:
    void append(const std::uint8_t *data, std::size_t size);
    // Throws std::runtime_error for a length that no message has.
    std::optional<Message> next();

  private:
    Bytes pending_;
};

struct Command {
    std::string name;        // as the client spells it: "insert", "findAndModify", "isMaster", …
    std::string collection;  // the first member's value when it is a string
    Bson body;               // document sequences are arrays in it, as a server sees them
    bool wants_reply = true;
};

// Nullopt for a message that is no command (a legacy opcode).
std::optional<Command> read_command(const Message &message);

// The document of a reply.
Bson read_reply(const Message &message);

// A reply to `request`, in the opcode that answers its own.
Message make_reply(const Message &request, const bson_t *document);

// The same message (command or reply) with another body. A command must be OP_MSG.
Message with_body(const Message &message, const bson_t *body);

}  // namespace appcreate::test
