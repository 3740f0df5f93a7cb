// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "platform/scenario/build.h"

namespace drydock::scenario::build {
namespace {

/// `tlm`, `rtl`, `lockstep`, `rtl:./my.so`, `lockstep:./my.so`; the schema has judged the form.
void read_block(const fields& f, std::string_view block, block_fidelity& b) {
    std::string text = "tlm";
    f.read(block, text);
    b.where = f.where(block);
    const std::size_t colon = text.find(':');
    const std::string word = text.substr(0, colon);
    b.is = word == "rtl"        ? block_fidelity::kind::rtl
           : word == "lockstep" ? block_fidelity::kind::lockstep
                                : block_fidelity::kind::tlm;
    if (colon != std::string::npos) b.object = text.substr(colon + 1);
}

}  // namespace

void fidelity(const node& document, run& r) {
    const fields f(document.find("fidelity"), "fidelity", r.effective);
    read_block(f, "atc", r.fidelity.atc);
    read_block(f, "invalidation_tracker", r.fidelity.invalidation_tracker);
    read_block(f, "dpc", r.fidelity.dpc);
}

}  // namespace drydock::scenario::build
