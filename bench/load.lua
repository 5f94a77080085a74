-- What wrk sends: the request in a file, its sixteen '@' replaced by a number that is new each time. What it says in the
-- end: one line of JSON.
local marker = string.rep("@", 16)
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("thread_number", threads)
end

function init(args)
    local file = assert(io.open(args[1], "rb"))
    local text = file:read("*a")
    file:close()
    local at = text:find(marker, 1, true)
    if not at then
        request = function() return text end
        return
    end
    math.randomseed(os.time() * 16 + thread_number)
    local before, after = text:sub(1, at - 1), text:sub(at + #marker)
    local random, format = math.random, string.format
    request = function()
        return before .. format("%08x%08x", random(0, 4294967295), random(0, 4294967295)) .. after
    end
end

function done(summary, latency)
    local percentiles = {}
    for _, p in ipairs({1, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99}) do
        percentiles[#percentiles + 1] = string.format('"%g":%d', p, latency:percentile(p))
    end
    local errors = summary.errors
    io.write(string.format('\n{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"latency_us":{%s}}\n',
        summary.requests, summary.duration / 1e6, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout, table.concat(percentiles, ",")))
end
