// SPDX-License-Identifier: Apache-2.0
// A device: its construction, its link, its virtual functions.
#include "tlm/endpoint/device.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tlm/pcie/vf_image.h"

namespace drydock::endpoint {
namespace {

constexpr std::size_t header_type = 0x0e;
constexpr std::uint8_t multi_function = 0x80;

bool has_ari(const pcie::config_image& image) {
    const auto all = pcie::list_capabilities(image);
    return std::any_of(all.begin(), all.end(), [](const pcie::capability_entry& c) {
        return c.extended && c.id == pcie::ari_view::id;
    });
}

void check(const std::string& name, const std::vector<function_config>& functions) {
    const auto bad = [&](const std::string& what) {
        throw std::invalid_argument(name + ": " + what);
    };
    if (functions.empty() || functions.front().number != 0)
        bad("a device has function 0, as the first of its list");
    unsigned before = 0;
    for (const function_config& f : functions) {
        if (&f != &functions.front() && f.number <= before)
            bad("function " + std::to_string(f.number) + " behind function " +
                std::to_string(before) + "; expected rising numbers");
        before = f.number;
        if (f.number > 255) bad("function " + std::to_string(f.number) + ": expected 0..255");
    }
    if (before > 7)
        for (const function_config& f : functions)
            if (!has_ari(f.config.image))
                bad("function numbers above 7 need the ARI capability in function " +
                    std::to_string(f.number));
}

}  // namespace

device::device(sc_core::sc_module_name module_name, base::context& ctx, pcie::tlp_pool& pool,
               const std::vector<function_config>& functions, const atc_maker& make_atc)
    : sc_module(module_name), port("port", *this, pool), tx_(*this), intx_(tx_, pool) {
    build(ctx, pool, functions, make_atc);
}

device::device(sc_core::sc_module_name module_name, base::context& ctx, pcie::tlp_pool& pool,
               const endpoint_config& config, const atc_maker& make_atc)
    : sc_module(module_name), port("port", *this, pool), tx_(*this), intx_(tx_, pool) {
    build(ctx, pool, {function_config{name(), 0, config, {}, false}}, make_atc);
}

void device::build(base::context& ctx, pcie::tlp_pool& pool,
                   const std::vector<function_config>& functions, const atc_maker& make_atc) {
    check(name(), functions);
    by_number_.fill(nobody);
    for (std::size_t i = 0; i < functions.size(); ++i) {
        const function_config& f = functions[i];
        endpoint_config c = f.config;
        if (functions.size() > 1) {
            c.image.bytes[header_type] |= multi_function;
            pcie::set_next_function(c.image,
                                    i + 1 < functions.size() ? functions[i + 1].number : 0);
        }
        shared_atc* share = nullptr;
        if (f.share_atc && !f.vfs.empty())
            share = shared_
                        .emplace_back(std::make_unique<shared_atc>(
                            static_cast<shared_atc::directory&>(*this), make_atc))
                        .get();
        by_number_[f.number] = static_cast<std::uint16_t>(i);
        functions_.push_back(std::make_unique<endpoint>(
            f.name, ctx, pool, c, device_port{tx_, port, *this},
            function_place{f.number, nullptr, 0}, share != nullptr ? share->maker() : make_atc));
        physical_.push_back({functions_.back().get(), 0, 0});
    }
    auto share = shared_.begin();
    for (std::size_t i = 0; i < functions.size(); ++i) {
        const function_config& f = functions[i];
        in_order_.push_back(physical_[i].function);
        const bool shares = f.share_atc && !f.vfs.empty();
        build_virtual(ctx, pool, f, physical_[i], shares ? (*share++)->maker() : make_atc);
    }
    alone_ = functions_.size() == 1;
    auto channels = std::make_unique<pcie::channel_end>(functions_.front()->config_space());
    if (channels->present()) channels_ = std::move(channels);
}

void device::build_virtual(base::context& ctx, pcie::tlp_pool& pool, const function_config& f,
                           physical& p, const atc_maker& make_atc) {
    if (f.vfs.empty()) return;
    const pcie::sriov_view sriov = p.function->config_space().sriov();
    if (!sriov.present() || sriov.total_vfs() < f.vfs.size())
        throw std::invalid_argument(f.name + ": " + std::to_string(f.vfs.size()) +
                                    " virtual functions; its SR-IOV capability has TotalVFs " +
                                    std::to_string(sriov.present() ? sriov.total_vfs() : 0));
    if (functions_.size() + f.vfs.size() >= nobody)
        throw std::invalid_argument(f.name + ": more than 65534 functions");
    p.first_vf = static_cast<std::uint32_t>(functions_.size());
    p.vfs = static_cast<std::uint32_t>(f.vfs.size());
    endpoint_config c = f.config;
    c.image = pcie::vf_image(f.config.image);
    for (unsigned k = 1; k <= p.vfs; ++k) {
        functions_.push_back(
            std::make_unique<endpoint>(f.vfs[k - 1], ctx, pool, c, device_port{tx_, port, *this},
                                       function_place{0, p.function, k}, make_atc));
        in_order_.push_back(functions_.back().get());
    }
}

void device::link_changed(bool up) {
    if (!up) intx_.link_changed(false);
    for (const physical& p : physical_) p.function->link_changed(up);
    if (up) intx_.link_changed(true);
}

void device::link_error_found(pcie::link_error e) {
    bool told = false;
    for (const physical& p : physical_) {
        const auto code = p.function->log_link_error(e);
        if (code && !std::exchange(told, true)) p.function->tell(*code);
    }
}

void device::function_changed(endpoint& f) {
    // The VC resources of function 0 are those of the link (PCIe).
    if (channels_ && &f == functions_.front().get() && channels_->decode()) {
        tx_.set_map(channels_->map());
        port.set_channels(channels_->map());
    }
    if (!functions_.empty() && &f == functions_.front().get())
        intx_.set_digests(f.config_space().aer().generates_ecrc());
    if (alone_) return;
    addresses_old_ = true;
    if (f.is_virtual()) return;
    const auto found = std::find_if(physical_.begin(), physical_.end(),
                                    [&](const physical& p) { return p.function == &f; });
    if (found == physical_.end()) return;  // not yet built
    if (found->id != f.routing_id()) {
        found->id = f.routing_id();
        routing_ids_old_ = true;
        const pcie::sriov_view sriov = f.config_space().sriov();
        for (std::uint32_t k = 1; k <= found->active; ++k)
            functions_[found->first_vf + k - 1]->identify(
                base::routing_id{sriov.routing_id(found->id.value, k)});
    }
    if (found->vfs != 0) update_virtual(*found);
}

/// VF Enable: 0 to 1 makes NumVFs functions, 1 to 0 takes them away at once.
void device::update_virtual(physical& p) {
    const pcie::sriov_view sriov = p.function->config_space().sriov();
    const std::uint32_t wanted = sriov.enabled() ? std::min(sriov.num_vfs(), p.vfs) : 0;
    for (std::uint32_t k = 1; k <= std::min(wanted, p.active); ++k)
        functions_[p.first_vf + k - 1]->physical_changed();
    if (wanted == p.active) return;
    routing_ids_old_ = true;
    const std::uint32_t before = std::exchange(p.active, wanted);
    for (std::uint32_t k = before + 1; k <= wanted; ++k)
        functions_[p.first_vf + k - 1]->appear(base::routing_id{sriov.routing_id(p.id.value, k)});
    for (std::uint32_t k = wanted + 1; k <= before; ++k) functions_[p.first_vf + k - 1]->vanish();
}

}  // namespace drydock::endpoint
