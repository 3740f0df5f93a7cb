// SPDX-License-Identifier: Apache-2.0
#include "platform/explain/event_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace drydock::explain {
namespace {

using json = nlohmann::json;

/// An event and the names of devices.
struct told {
    const json& event;
    const json& devices;

    std::string text(const char* key) const {
        const auto at = event.find(key);
        if (at == event.end()) return "";
        return at->is_string() ? at->get<std::string>() : at->dump();
    }
    bool is(const char* key, int value) const { return event.value(key, -1) == value; }
    /// The device or function concerned; "" if there is none.
    std::string device() const {
        for (const char* key : {"device", "function"}) {
            const std::string rid = text(key);
            if (rid.find(':') != std::string::npos && rid != "00:00.0")
                return devices.value(rid, rid);
        }
        return "";
    }
    std::string of_device() const { return device().empty() ? "" : " of " + device(); }
    std::string for_device() const { return device().empty() ? "" : " for " + device(); }
};

// SMMUv3 6.3.28 CMDQ_CONS.ERR
constexpr std::array<std::string_view, 4> cerrors{"CERROR_NONE", "CERROR_ILL", "CERROR_ABT",
                                                  "CERROR_ATC_INV_SYNC"};

std::string cerror(const told& t) {
    const auto code = t.event.value("code", std::size_t{0});
    return fmt::format("the command queue stops: {}", code < cerrors.size()
                                                          ? std::string(cerrors[code])
                                                          : fmt::format("CERROR {}", code));
}

std::string violation(const told& t) {
    return fmt::format("VIOLATION {}{}: {}", t.text("monitor"), t.of_device(), t.text("rule"));
}

std::string returned(const told& t) {
    return t.text("function") + " returns" + (t.is("result", 0) ? "" : " " + t.text("result"));
}

struct phrase {
    std::string_view kind;
    std::string (*say)(const told&);
};
constexpr phrase phrases[] = {
    {"action",
     [](const told& t) { return "the scenario: " + t.text("verb") + " " + t.text("target"); }},
    {"invalidate_ignored",
     [](const told& t) {
         return fmt::format("{} ignores the Invalidate Request: {}, ITag {}", t.device(),
                            t.text("reason"), t.text("itag"));
     }},
    {"itag_timeout",
     [](const told& t) { return "ITag " + t.text("itag") + t.of_device() + " expires"; }},
    {"cerror", cerror},
    {"gerror",
     [](const told& t) {
         return std::string(t.text("gerror") == t.text("gerrorn") ? "GERROR is acknowledged"
                                                                  : "GERROR is raised");
     }},
    {"sw_log", [](const told& t) { return "log: " + t.text("text"); }},
    {"sw_warn", [](const told& t) { return "WARN: " + t.text("text"); }},
    {"violation", violation},
    {"function_state", [](const told& t) { return t.device() + " is now " + t.text("state"); }},
    {"link_state", [](const told& t) { return "the link is now " + t.text("state"); }},
    {"sw_device_blocked",
     [](const told& t) {
         return t.device() + (t.is("blocked", 0) ? " is attached again" : " is blocked");
     }},
    {"sw_point", [](const told& t) { return "point " + t.text("point") + t.of_device(); }},
    {"sw_call", [](const told& t) { return "calls " + t.text("function") + t.for_device(); }},
    {"sw_return", returned},
    {"sw_attach",
     [](const told& t) {
         return fmt::format("stream {} is attached to domain {}, {}", t.text("stream"),
                            t.text("domain"), t.text("type"));
     }},
    {"sw_detach",
     [](const told& t) {
         return fmt::format("stream {} leaves domain {}", t.text("stream"), t.text("domain"));
     }},
    {"span_begin", [](const told& t) { return t.text("class") + t.of_device() + " begins"; }},
    {"span_end", [](const told&) { return std::string("ends"); }}};

/// Any other: its kind and the fields that tell something.
std::string by_its_fields(const told& t) {
    std::string s = t.text("kind");
    for (const char* key : {"error", "state", "reason", "text", "itag", "code", "what", "id",
                            "phys", "iova", "address", "status", "bytes"})
        if (const auto at = t.event.find(key); at != t.event.end())
            s += at->is_string() ? " " + at->get<std::string>()
                                 : fmt::format(" {} {}", key, at->dump());
    return t.device().empty() ? s : s + ", " + t.device();
}

}  // namespace

std::string event_in_words(const json& event, const json& devices) {
    const told t{event, devices};
    const std::string kind = t.text("kind"), where = t.text("where");
    const auto* p = std::find_if(std::begin(phrases), std::end(phrases),
                                 [&](const phrase& one) { return one.kind == kind; });
    std::string s = p == std::end(phrases) ? by_its_fields(t) : p->say(t);
    if (!where.empty() && where != "monitors" && where != "scenario")
        s += fmt::format("  [{}]", where);
    return s;
}

}  // namespace drydock::explain
