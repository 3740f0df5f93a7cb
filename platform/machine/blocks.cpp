// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/blocks.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <utility>

#include "platform/scenario/document.h"
#include "rtl/adapter/atc.h"
#include "rtl/adapter/atc_units.h"

namespace drydock::machine {
namespace {

using scenario::bad_input;

rtl::atc_config adapted(const endpoint::atc_config& c) {
    rtl::atc_config a;
    a.clock = c.clock;
    a.uses = c.uses;
    a.invalidate_queue = c.invalidate_queue;
    a.shared = c.shared;
    a.ignore_when_disabled = c.ignore_when_disabled;
    a.retry_after_ur = c.retry_after_ur;
    return a;
}

bool fits(const rtl::atc_unit& u, const endpoint::atc_config& c) {
    return u.shape.sets * u.shape.ways == c.entries && u.shape.ways == c.ways &&
           u.shape.slots == c.request_slots && u.shape.uses >= c.uses &&
           u.shape.queue >= c.invalidate_queue && c.lookup_cycles == 2;
}

std::string shapes() {
    std::string s;
    for (const rtl::atc_unit& u : rtl::atc_units())
        s += fmt::format("{}{} (entries: {}, ways: {}, request_slots: {})", s.empty() ? "" : ", ",
                         u.name, u.shape.sets * u.shape.ways, u.shape.ways, u.shape.slots);
    return s;
}

}  // namespace

block_maker::~block_maker() {
    if (object_ != nullptr) dlclose(object_);
}

endpoint::atc_maker block_maker::atc() {
    if (!fidelity_.atc.has_rtl()) return nullptr;
    return [this](const std::string& name, base::context& ctx, const endpoint::atc_config& config,
                  endpoint::atc_client& client) { return make_atc(name, ctx, config, client); };
}

/// A block of the user's own may hold its translations as it likes.
const rtl::atc_unit& block_maker::atc_unit_for(const endpoint::atc_config& config) {
    const scenario::block_fidelity& f = fidelity_.atc;
    if (f.object.empty()) {
        for (const rtl::atc_unit& u : rtl::atc_units())
            if (fits(u, config)) return u;
        throw bad_input(
            f.where,
            fmt::format(
                "fidelity.atc: no Verilated ATC has {} entries of {} ways, {} request slots "
                "and {} lookup cycles; expected one of {} with 2 lookup cycles",
                config.entries, config.ways, config.request_slots, config.lookup_cycles, shapes()));
    }
    if (loaded_ != nullptr) return *loaded_;
    // A name without a slash would be looked for among the system's libraries.
    const bool has_way = f.object.find('/') != std::string::npos;
    object_ = dlopen((has_way ? f.object : "./" + f.object).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (object_ == nullptr)
        throw bad_input(f.where, fmt::format("fidelity.atc: {}; expected a shared object that "
                                             "script/rtl-build has made",
                                             dlerror()));
    const auto entry = reinterpret_cast<rtl::atc_entry>(dlsym(object_, rtl::atc_entry_name));
    if (entry == nullptr)
        throw bad_input(f.where, fmt::format("fidelity.atc: {} has no '{}'; expected a shared "
                                             "object that script/rtl-build has made",
                                             f.object, rtl::atc_entry_name));
    const rtl::atc_unit* const unit = entry();
    if (unit->version != rtl::atc_unit::current)
        throw bad_input(f.where,
                        fmt::format("fidelity.atc: {} is of version {} of the block's form; "
                                    "expected {}: build it again with script/rtl-build",
                                    f.object, unit->version, rtl::atc_unit::current));
    return *(loaded_ = unit);
}

std::unique_ptr<endpoint::atc_if> block_maker::make_atc(const std::string& name, base::context& ctx,
                                                        const endpoint::atc_config& config,
                                                        endpoint::atc_client& client) {
    const rtl::atc_unit& unit = atc_unit_for(config);
    const auto make_block = [&](endpoint::atc_client& of_block) {
        auto block = std::make_unique<rtl::atc>(name, ctx, unit, adapted(config), of_block);
        sources_.push_back(block.get());
        return block;
    };
    try {
        if (!fidelity_.atc.has_twin()) return make_block(client);
        auto pair = std::make_unique<lockstep_atc>(name, ctx, config, client, make_block);
        lockstep_.push_back({name, pair->record()});
        return pair;
    } catch (const std::invalid_argument& e) {
        throw bad_input(fidelity_.atc.where, std::string("fidelity.atc: ") + e.what());
    }
}

void block_maker::record_to(base::signal_recorder* to) const {
    for (base::signal_source* s : sources_) s->record_to(to);
}

nlohmann::json block_maker::lockstep() const {
    nlohmann::json j = nlohmann::json::object();
    for (const compared& c : lockstep_) j[c.name] = c.record->to_json();
    return j;
}

}  // namespace drydock::machine
