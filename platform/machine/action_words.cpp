// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/action_words.h"

#include "platform/scenario/overloaded.h"

namespace drydock::machine {
namespace {

std::string both(const std::string& a, const std::string& b) {
    return a.empty() ? b : b.empty() ? a : a + " " + b;
}

std::string_view word(scenario::do_manage::action a) {
    using action = scenario::do_manage::action;
    switch (a) {
        case action::remove:
            return "remove";
        case action::add:
            return "add";
        case action::unbind:
            return "unbind";
        case action::bind:
            return "bind";
        default:
            return "map";
    }
}

}  // namespace

action_words words_of(const scenario::verb& v) {
    using namespace scenario;
    return std::visit(overloaded{
                          [](const do_reset& d) {
                              return action_words{"reset", d.device};
                          },
                          [](const do_start& d) {
                              return action_words{"start", d.client};
                          },
                          [](const do_attach& d) {
                              return action_words{"attach", both(d.device, d.domain)};
                          },
                          [](const do_detach& d) {
                              return action_words{"detach", d.device};
                          },
                          [](const do_inject& d) {
                              return action_words{"inject",
                                                  both(d.device.empty() ? d.port : d.device,
                                                       d.fault.empty() ? d.error : d.fault)};
                          },
                          [](const do_hold& d) {
                              return action_words{"hold", d.task};
                          },
                          [](const do_release& d) {
                              return action_words{"release", d.task};
                          },
                          [](const do_set& d) {
                              return action_words{"set", d.parameter};
                          },
                          [](const do_unmap& d) {
                              return action_words{"unmap", d.client};
                          },
                          [](const do_use& d) {
                              return action_words{"use", both(d.device, d.client)};
                          },
                          [](const do_call& d) {
                              return action_words{"call", both(d.function, d.device)};
                          },
                          [](const do_manage& d) {
                              return action_words{word(d.what), d.device};
                          },
                          [](const do_free& d) {
                              return action_words{"free", d.domain};
                          },
                          [](const do_fail& d) {
                              return action_words{"fail", both(d.site, d.device)};
                          },
                      },
                      v);
}

}  // namespace drydock::machine
