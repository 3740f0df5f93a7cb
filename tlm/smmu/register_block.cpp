// SPDX-License-Identifier: Apache-2.0
#include "tlm/smmu/register_block.h"

namespace drydock::smmu {
namespace {

constexpr std::uint64_t everything = ~std::uint64_t{0};
constexpr unsigned field_shift = 8;  // timeline op: what[7:0], fields above
constexpr std::uint64_t queue_enables = cr0::cmdqen | cr0::eventqen | cr0::priqen;

bool same(const base::reg& a, const base::reg& b) { return &a == &b; }
bool part_of(const base::reg& r, const msi_registers& m) {
    return same(r, m.address) || same(r, m.data) || same(r, m.attributes);
}
std::uint64_t unless(bool locked) { return locked ? 0 : everything; }

/// Bits of CR0 that change together with any of `bits`.
std::uint64_t whole_fields(std::uint64_t bits) {
    return (bits & cr0::vmw) != 0 ? bits | cr0::vmw : bits;
}

}  // namespace

register_block::register_block(std::string_view name, base::context& ctx, base::place_id place,
                               const smmu_config& c, register_effects& effects)
    : map(c),
      ctx_(ctx),
      place_(place),
      config_(c),
      effects_(effects),
      timeline_id_(ctx.timeline.join(name, *this)),
      file_(register_bytes, *this) {
    map.add_to(file_);
}

void register_block::write(std::uint64_t offset, unsigned size, std::uint64_t value) {
    if (ctx_.probe.wants(base::kind::register_write))
        ctx_.probe.emit(base::kind::register_write, place_, ctx_.now(), base::no_span, offset,
                        value, size);
    file_.write(offset, size, value);
}

std::uint64_t register_block::unlocked(const base::reg& r) const {
    if (same(r, map.cr0)) return ~whole_fields(map.cr0.value ^ map.cr0ack.value);
    if (same(r, map.irq_ctrl)) return ~(map.irq_ctrl.value ^ map.irq_ctrlack.value);
    if (same(r, map.cr1))
        return (on(cr0::smmuen) ? 0 : cr1::table) | (on(queue_enables) ? 0 : cr1::queue);
    if (same(r, map.cr2) || same(r, map.strtab_base) || same(r, map.strtab_base_cfg))
        return unless(on(cr0::smmuen));
    if (same(r, map.gbpa)) return unless((map.gbpa.value & gbpa::update) != 0);
    if (same(r, map.cmdq_base) || same(r, map.cmdq_cons)) return unless(on(cr0::cmdqen));
    if (same(r, map.eventq_base) || same(r, map.eventq_prod)) return unless(on(cr0::eventqen));
    if (same(r, map.priq_base) || same(r, map.priq_prod)) return unless(on(cr0::priqen));
    if (part_of(r, map.gerror_irq)) return unless(irq_on(irq_ctrl::gerror));
    if (part_of(r, map.eventq_irq)) return unless(irq_on(irq_ctrl::eventq));
    if (part_of(r, map.priq_irq)) return unless(irq_on(irq_ctrl::priq));
    return everything;
}

void register_block::written(base::reg& r, std::uint64_t before) {
    if (same(r, map.cmdq_prod)) {
        effects_.command_prod_written(before);
    } else if (same(r, map.eventq_cons)) {
        effects_.event_cons_written();
    } else if (same(r, map.gerrorn)) {
        effects_.errors_acknowledged(before);
    } else if (same(r, map.cr0)) {
        if (r.value != before) later(op::cr0, r.value ^ before);
    } else if (same(r, map.irq_ctrl)) {
        if (r.value != before) later(op::irq_ctrl, r.value ^ before);
    } else if (same(r, map.gbpa)) {
        if ((r.value & gbpa::update) != 0)
            later(op::gbpa, 0);
        else
            r.value = before;  // a write without Update is ignored
    } else if (same(r, map.cr2)) {
        effects_.control_changed();
    } else if (same(r, map.strtab_base) || same(r, map.strtab_base_cfg)) {
        effects_.stream_table_changed();
    }
}

void register_block::later(op what, std::uint64_t fields) {
    ctx_.timeline.after(config_.cr0_update, base::phase::serve, timeline_id_,
                        static_cast<std::uint64_t>(what) | fields << field_shift);
}

void register_block::on_time(std::uint64_t encoded) {
    const std::uint64_t fields = encoded >> field_shift;
    switch (static_cast<op>(encoded & ((1u << field_shift) - 1))) {
        case op::cr0:
            update_cr0(fields);
            break;
        case op::irq_ctrl:
            acknowledge(map.irq_ctrlack, fields & map.irq_ctrl.value, map.irq_ctrl.value);
            irq_falling_ |= fields & ~map.irq_ctrl.value;
            poke();
            break;
        case op::gbpa:
            map.gbpa.value &= ~gbpa::update;
            effects_.control_changed();
            if (observer_ != nullptr) observer_->register_changed(map.gbpa.offset);
            break;
    }
}

void register_block::update_cr0(std::uint64_t fields) {
    const std::uint64_t value = map.cr0.value;
    effective_cr0_ = (effective_cr0_ & ~fields) | (value & fields);
    effects_.cr0_updated(effective_cr0_, fields);
    // Fields that are more than an enable are acknowledged whole.
    const std::uint64_t falling = fields & ~value & ~cr0::vmw;
    acknowledge(map.cr0ack, fields & ~falling, value);
    cr0_falling_ |= falling;
    poke();
}

void register_block::acknowledge(base::reg& ack, std::uint64_t fields, std::uint64_t values) {
    if (fields == 0) return;
    ack.value = (ack.value & ~fields) | (values & fields);
    if (observer_ != nullptr) observer_->register_changed(ack.offset);
}

void register_block::poke() {
    for (std::uint64_t left = cr0_falling_; left != 0; left &= left - 1) {
        const std::uint64_t field = left & (~left + 1);
        if (!effects_.cr0_quiet(field)) continue;
        cr0_falling_ &= ~field;
        acknowledge(map.cr0ack, field, 0);
    }
    for (std::uint64_t left = irq_falling_; left != 0; left &= left - 1) {
        const std::uint64_t field = left & (~left + 1);
        if (!effects_.irq_quiet(field)) continue;
        irq_falling_ &= ~field;
        acknowledge(map.irq_ctrlack, field, 0);
    }
}

}  // namespace drydock::smmu
