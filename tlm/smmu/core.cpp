// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/core.h"

#include "tlm/smmu/little_endian.h"

namespace drydock::smmu {
namespace {

// Tokens of fetch_port accesses at the memory port: fetch_id[31:0], update[32].
constexpr std::uint64_t update_token = std::uint64_t{1} << 32;

}  // namespace

smmu::core::core(smmu& owner, base::context& ctx, pcie::tlp_pool& pool, const smmu_config& config,
                 unsigned ports)
    : config_(config),
      name_(owner.name()),
      place_(ctx.probe.place(name_)),
      plan_(slot_plan::of(config)),
      streams_(config.stream_ids),
      registers_(name_ + ".registers", ctx, place_, config_, *this),
      register_socket_(registers_, owner.registers),
      memory_(name_ + ".memory_port", ctx, owner.memory),
      msi_(place_, ctx, memory_, *this),
      errors_(place_, ctx, registers_.map, msi_),
      translator_(name_ + ".translator", ctx, config_, *this, *this, ports),
      events_(place_, ctx, config_, registers_.map, memory_, msi_, errors_, *this),
      pri_(ctx, place_, config_, registers_.map, streams_, memory_, msi_, errors_, *this),
      traffic_(ctx, place_, plan_, streams_, translator_, memory_, *this),
      ats_(ctx, place_, pool, plan_, streams_, translator_, *this),
      invalidations_(name_ + ".invalidation_tracker", ctx, place_, config_, streams_, ats_, *this),
      commands_(name_ + ".command_queue", ctx, place_, config_, registers_.map, memory_,
                translator_, events_, msi_, errors_, *this) {
    for (unsigned p = 0; p < ports; ++p) {
        posted_sockets.emplace_back(("posted" + std::to_string(p)).c_str());
        non_posted_sockets.emplace_back(("non_posted" + std::to_string(p)).c_str());
        traffic_.add_port(posted_sockets.back(), non_posted_sockets.back());
        ats_sockets.push_back(&ats_.add_port(("ats" + std::to_string(p)).c_str()));
    }
    control_changed();
    stream_table_changed();
}

void smmu::core::observe(base::register_observer& o) {
    registers_.observe(o);
    errors_.observe(o);
    events_.observe(o);
    pri_.observe(o);
    commands_.observe(o);
}

// -- registers
// -----------------------------------------------------------------------------------------

void smmu::core::fail_service() {
    service_failed_ = true;
    commands_.enable(false);
    events_.enable(false);
    pri_.enable(false);
    control_changed();
    errors_.raise(global_error::sfm);
}

void smmu::core::cr0_updated(std::uint64_t value, std::uint64_t changed) {
    if (service_failed_) return;
    if ((changed & (cr0::smmuen | cr0::atschk | cr0::vmw)) != 0) control_changed();
    if ((changed & cr0::eventqen) != 0) events_.enable((value & cr0::eventqen) != 0);
    if ((changed & (cr0::smmuen | cr0::priqen)) != 0)
        pri_.enable((value & cr0::smmuen) != 0 && (value & cr0::priqen) != 0);
    if ((changed & cr0::cmdqen) != 0) commands_.enable((value & cr0::cmdqen) != 0);
}

bool smmu::core::cr0_quiet(std::uint64_t field) const {
    switch (field) {
        case cr0::cmdqen:
            return commands_.quiet();
        case cr0::eventqen:
            return events_.quiet();
        case cr0::priqen:
            return pri_.quiet();
        default:
            return true;
    }
}

bool smmu::core::irq_quiet(std::uint64_t source) const {
    switch (source) {
        case irq_ctrl::gerror:
            return msi_.settled(msi_source::gerror);
        case irq_ctrl::priq:
            return msi_.settled(msi_source::priq);
        default:
            return msi_.settled(msi_source::eventq);
    }
}

void smmu::core::control_changed() {
    const std::uint64_t cr0_value = registers_.effective_cr0(),
                        cr2_value = registers_.map.cr2.value;
    control c;
    c.smmuen = (cr0_value & cr0::smmuen) != 0 && !service_failed_;
    c.atschk = (cr0_value & cr0::atschk) != 0;
    c.vmw = static_cast<std::uint8_t>((cr0_value & cr0::vmw) >> 6);
    c.e2h = (cr2_value & cr2::e2h) != 0;
    c.recinvsid = (cr2_value & cr2::recinvsid) != 0;
    c.rec_cfg_ats = (cr2_value & cr2::rec_cfg_ats) != 0;
    c.gbpa_abort = (registers_.map.gbpa.value & gbpa::abort) != 0 || service_failed_;
    translator_.set_control(c);
}

void smmu::core::stream_table_changed() {
    const std::uint64_t cfg = registers_.map.strtab_base_cfg.value;
    stream_table_base b;
    b.address = base::phys_addr{registers_.map.strtab_base.value & base::bit_mask(51, 6)};
    b.log2size = static_cast<std::uint8_t>(base::bit_field<5, 0>::get(cfg));
    b.split = static_cast<std::uint8_t>(base::bit_field<10, 6>::get(cfg));
    b.fmt = static_cast<std::uint8_t>(base::bit_field<17, 16>::get(cfg));
    translator_.set_stream_table(b);
    pri_.set_stream_table(b);
}

void smmu::core::errors_acknowledged(std::uint64_t before) {
    constexpr auto cmdq = std::uint64_t{1} << static_cast<unsigned>(global_error::cmdq);
    const std::uint64_t gerror = registers_.map.gerror.value;
    const bool was_active = ((gerror ^ before) & cmdq) != 0;
    errors_.acknowledged();
    events_.room();
    if (was_active && !errors_.active(global_error::cmdq)) commands_.restart();
}

// -- translation
// -----------------------------------------------------------------------------------------

void smmu::core::translated(std::uint32_t slot, const translate_result& r) {
    if (ats_.owns(slot))
        ats_.translated(slot, r);
    else
        traffic_.translated(slot, r);
}

void smmu::core::stalled(std::uint32_t slot, const event_record& e) {
    events_.submit_stall(e, traffic_.span_of(slot));
    commands_.poke();
}

void smmu::core::fetch(fetch_id id, base::phys_addr at, std::uint32_t bytes, base::span_id) {
    memory_.read(*this, id, at, bytes);
}

void smmu::core::update(fetch_id id, base::phys_addr at, std::uint64_t expected,
                        std::uint64_t desired, base::span_id) {
    memory_.update(*this, id | update_token, at, expected, desired);
}

void smmu::core::answered(std::uint64_t token, tlm::tlm_generic_payload& gp) {
    const auto id = static_cast<fetch_id>(token);
    const bool aborted = gp.is_response_error();
    if ((token & update_token) != 0) {
        const auto* atomic = gp.get_extension<base::atomic_update>();
        translator_.updated(id, atomic->old, aborted);
        return;
    }
    std::array<std::uint64_t, memory_port::largest_own_access / 8> words;
    const std::size_t n = gp.get_data_length() / 8;
    for (std::size_t i = 0; i < n; ++i) words[i] = load_le(gp.get_data_ptr() + 8 * i);
    translator_.fetched(id, std::span(words).first(n), aborted);
}

// -- queues and interrupts
// ---------------------------------------------------------------------------------

void smmu::core::msi_settled(msi_source source, bool aborted) {
    // GERROR[7:4] in the order of the sources (SMMUv3 6.3.17).
    constexpr std::array<global_error, msi_sources> bits{
        global_error::msi_cmdq_abt, global_error::msi_eventq_abt, global_error::msi_priq_abt,
        global_error::msi_gerror_abt};
    if (aborted) errors_.raise(bits[static_cast<std::size_t>(source)]);
    registers_.poke();
    commands_.poke();
}

void smmu::core::event_settled() {
    registers_.poke();
    commands_.poke();
}

void smmu::core::respond(std::uint16_t port, base::routing_id function, std::uint16_t group,
                         std::uint8_t code, std::optional<base::substream_id> ssid) {
    ats_.send_prg_response(port, function, group, code, ssid);
}

void smmu::core::request_gone(const page_request& r) {
    ats_.page_request_gone(r.port);
    registers_.poke();
}

std::uint16_t smmu::core::tbu_of(base::stream_id sid) const {
    const auto function = streams_.back(sid);
    if (directory_ == nullptr || !function) return 0;
    return directory_->port_of(*function).value_or(0);
}

void smmu::core::respond(const command& c) {
    const auto target = streams_.back(c.sid);
    if (directory_ == nullptr || !target) return;
    const base::routing_id function = *target;
    pri_.answered_by_software(function, c.prg_index);
    if (const auto port = directory_->port_of(function))
        ats_.send_prg_response(*port, function, c.prg_index, c.prg_code, c.ssid);
}

}  // namespace drydock::smmu
