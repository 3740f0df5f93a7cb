// SPDX-License-Identifier: Apache-2.0
#include "platform/monitors/credit_conservation.h"

namespace drydock::monitors {
namespace {

constexpr std::uint64_t infinite = UINT32_MAX;
constexpr const char* class_names[] = {"posted", "non-posted", "completion"};

}  // namespace

credit_conservation::credit_conservation(reporter& r)
    : monitor("credit_conservation", r,
              {base::kind::credit_consumed, base::kind::credit_returned, base::kind::link_state}) {}

void credit_conservation::on_event(const base::event& e) {
    if (e.what == base::kind::link_state) return link_changed(e);
    if (e.a >= classes) return wrong(e, 0, "flow-control class " + std::to_string(e.a));
    if (e.d >= links_.size()) links_.resize(e.d + 1);
    auto& places = links_[e.d];
    if (e.where >= places.size()) places.resize(e.where + 1);
    direction& d = places[e.where][e.a];
    if (e.what == base::kind::credit_consumed)
        consumed(e, d);
    else
        returned(e, d);
}

void credit_conservation::consumed(const base::event& e, direction& d) {
    d.used = true;
    const auto use = [&](account& a, std::uint64_t n, std::uint64_t detail, const char* what) {
        a.in_use += n;
        if (d.advertised && !a.infinite && a.in_use > a.advertised)
            wrong(e, detail + e.a,
                  std::string(class_names[e.a]) + what + ": " + std::to_string(a.in_use) +
                      " in use of " + std::to_string(a.advertised));
    };
    use(d.header, e.b, 16, " header credits");
    use(d.data, e.c, 32, " data credits");
}

void credit_conservation::returned(const base::event& e, direction& d) {
    const auto give = [&](account& a, std::uint64_t n, std::uint64_t detail, const char* what) {
        if (!d.used) {
            a.advertised += n;
            a.infinite = a.infinite || n == infinite;
            return;
        }
        if (a.infinite || n == infinite) return;
        if (n > a.in_use) {
            wrong(e, detail + e.a,
                  std::string(class_names[e.a]) + what + ": " + std::to_string(n) + " come back, " +
                      std::to_string(a.in_use) + " are in use");
            a.in_use = n;
        }
        a.in_use -= n;
    };
    if (!d.used) d.advertised = true;
    give(d.header, e.b, 48, " header credits");
    give(d.data, e.c, 64, " data credits");
}

void credit_conservation::link_changed(const base::event& e) {
    if (text(e.a) != "down") return;  // Recovery keeps the credits
    const std::string& link = place(e.where);
    for (auto& places : links_)
        for (std::size_t at = 0; at < places.size(); ++at)
            if (place(static_cast<base::place_id>(at)).starts_with(link)) places[at] = {};
}

void credit_conservation::wrong(const base::event& e, std::uint64_t detail, std::string what) {
    found({e.where, detail}, e.span, [&] {
        return finding{
            e.time,
            e.span,
            place(e.where),
            {},
            "credits used never exceed those given, and none comes back that was not used",
            std::move(what)};
    });
}

}  // namespace drydock::monitors
