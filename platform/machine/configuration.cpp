// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/configuration.h"

#include <map>

#include "tlm/pcie/lspci_text.h"

namespace drydock::machine {

std::string configuration_text(hardware& hw) {
    std::map<std::uint16_t, const pcie::config_space*> functions;  // by routing ID
    for (unsigned p = 0; p < hw.rc().ports(); ++p)
        functions[hw.rc().root(p).id().value] = &hw.rc().root(p).config();
    for (const junction& j : hw.junctions())
        for (unsigned p = 0; j.link->is_up() && p <= j.at->downstream_ports(); ++p)
            functions[j.at->port(p).id().value] = &j.at->port(p).config();
    for (const seat& s : hw.seats())
        if (s.link->is_up() && s.device->exists())
            functions[s.device->routing_id().value] = &s.device->config_space();
    std::string text;
    for (const auto& [id, space] : functions)
        text += pcie::lspci_text(*space, pcie::slot_name(base::routing_id{id}));
    return text;
}

}  // namespace drydock::machine
