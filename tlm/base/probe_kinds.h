// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace drydock::base {

/// Everything the models tell. The fields a..d of each kind stand in `kind_table` below; `where` is
/// always the place that speaks, `span` the transaction it speaks of.
enum class kind : std::uint8_t {
    // -- spans and stages (design: where the nanoseconds go) --
    span_begin,
    span_end,
    stage,
    // -- links and TLPs --
    tlp_queued,
    tlp_sent,
    tlp_arrived,
    tlp_dropped,
    credit_consumed,
    credit_returned,
    credit_stall,
    link_state,
    link_error,
    tlp_replayed,
    // -- SMMU --
    command_fetched,
    command_done,
    sync_done,
    cerror,
    gerror,
    event_recorded,
    event_lost,
    msi_sent,
    register_write,
    itag_taken,
    itag_wait,
    itag_retired,
    itag_timeout,
    itag_unexpected,
    translation_done,
    tlb_lookup,
    walk_done,
    smmu_stall,
    // -- endpoint --
    atc_lookup,
    atc_fill,
    atc_invalidated,
    invalidate_ignored,
    function_state,
    dma_done,
    error_logged,
    // -- memory --
    memory_access,
    // -- software --
    sw_point,
    sw_call,
    sw_return,
    sw_task,
    sw_irqs_off,
    sw_irqs_on,
    sw_interrupt,
    sw_lock,
    sw_unlock,
    sw_might_sleep,
    sw_warn,
    sw_log,
    sw_attach,
    sw_detach,
    sw_map,
    sw_unmap_begin,
    sw_unmap_complete,
    sw_page,
    sw_device_blocked,
    sw_op_due,
    sw_op_begin,
    sw_op_end,
    sw_refcount,
    sw_poll_timeout,
    sw_view,
    sw_object,
    sw_lock_wait,
    // -- platform --
    violation,
    action,
    count_
};
inline constexpr std::size_t kind_count = static_cast<std::size_t>(kind::count_);

/// Which --events=LEVEL shows a kind.
enum class event_level : std::uint8_t { life, detail, tlp };

/// What a span is; field a of span_begin.
enum class span_class : std::uint8_t {
    none,
    unmap,
    atc_inv,
    tlbi,
    cfgi,
    sync,
    translation,
    page_request,
    dma,
    reset,
    call
};

/// How a field reads: '-' unused, 'd' decimal, 'x' hexadecimal, 't' ps, 's' index of probe::text,
/// 'p' span, 'w' place, 'r' routing ID, 'c' span_class.
struct kind_info {
    kind what;
    std::string_view name;
    event_level level;
    std::array<std::string_view, 4> fields;
    std::string_view formats;
};

inline constexpr std::array<kind_info, kind_count> kind_table{{
    {kind::span_begin,
     "span_begin",
     event_level::life,
     {"class", "parent", "device", "detail"},
     "cprx"},
    {kind::span_end, "span_end", event_level::life, {"result", "detail", "", ""}, "dx--"},
    // boundary: 0..16 of an invalidation, 49..51 of a translation, 55..60 of a page request
    // (platform/latency/stages.h); waited_for: span that this stage waited for, 0 none; detail:
    // boundary 5: ITag asked for 0; 6: ITag; 8: routing ID; 13: completions still due after this
    // one
    {kind::stage, "stage", event_level::life, {"boundary", "waited_for", "detail", ""}, "dpx-"},

    // A transmitter has taken it. attributes: RO[0] IDO[1] class[3:2] (posted, non-posted,
    // completion) virtual channel[6:4] data[7] PASID present[8] PASID[31:12] completer[47:32]
    {kind::tlp_queued,
     "tlp_queued",
     event_level::tlp,
     {"type", "address", "attributes", "ids"},
     "dxxx"},
    {kind::tlp_sent,
     "tlp_sent",
     event_level::tlp,
     {"type", "address", "length", "ids"},
     "dxdx"},  // ids: requester << 16 | tag
    {kind::tlp_arrived,
     "tlp_arrived",
     event_level::tlp,
     {"type", "address", "length", "ids"},
     "dxdx"},
    {kind::tlp_dropped,
     "tlp_dropped",
     event_level::tlp,
     {"type", "reason", "length", "ids"},
     "dsdx"},
    {kind::credit_consumed,
     "credit_consumed",
     event_level::tlp,
     {"class", "header", "data", "vc"},
     "dddd"},
    {kind::credit_returned,
     "credit_returned",
     event_level::tlp,
     {"class", "header", "data", "vc"},
     "dddd"},
    {kind::credit_stall,
     "credit_stall",
     event_level::detail,
     {"class", "begins", "vc", ""},
     "ddd-"},
    // "up" "recovery" "down"
    {kind::link_state, "link_state", event_level::life, {"state", "", "", ""}, "s---"},
    // where: the direction of the TLPs concerned; at_receiver: 0 found by their sender
    {kind::link_error, "link_error", event_level::life, {"error", "at_receiver", "", ""}, "sd--"},
    {kind::tlp_replayed, "tlp_replayed", event_level::tlp, {"sequence", "bytes", "", ""}, "dd--"},

    {kind::command_fetched,
     "command_fetched",
     event_level::detail,
     {"opcode", "index", "word0", "word1"},
     "xdxx"},
    {kind::command_done, "command_done", event_level::detail, {"opcode", "index", "", ""}, "xd--"},
    {kind::sync_done, "sync_done", event_level::life, {"index", "", "", ""}, "d---"},
    {kind::cerror, "cerror", event_level::life, {"code", "index", "", ""}, "dd--"},
    {kind::gerror, "gerror", event_level::life, {"gerror", "gerrorn", "", ""}, "xx--"},
    {kind::event_recorded,
     "event_recorded",
     event_level::life,
     {"id", "stream", "address", "substream"},
     "xdxd"},
    {kind::event_lost, "event_lost", event_level::life, {"id", "stream", "overflow", ""}, "xdd-"},
    {kind::msi_sent, "msi_sent", event_level::detail, {"address", "data", "", ""}, "xx--"},
    {kind::register_write,
     "register_write",
     event_level::detail,
     {"offset", "value", "size", ""},
     "xxd-"},
    {kind::itag_taken, "itag_taken", event_level::detail, {"itag", "function", "free", ""}, "drd-"},
    {kind::itag_wait,
     "itag_wait",
     event_level::detail,
     {"function", "reason", "waited_for", ""},
     "rsp-"},  // span waits; why; for whom
    {kind::itag_retired,
     "itag_retired",
     event_level::detail,
     {"itag", "function", "free", ""},
     "drd-"},
    {kind::itag_timeout,
     "itag_timeout",
     event_level::life,
     {"itag", "function", "age", ""},
     "drt-"},
    {kind::itag_unexpected,
     "itag_unexpected",
     event_level::life,
     {"vector", "function", "reason", ""},
     "xrs-"},
    // status: 0 ok, 1 abort, 2 unsupported request, 3 completer abort, 4 no access, 5 zero/ignore
    {kind::translation_done,
     "translation_done",
     event_level::tlp,
     {"stream", "iova", "phys", "status"},
     "dxxd"},
    {kind::tlb_lookup, "tlb_lookup", event_level::tlp, {"stream", "iova", "hit", ""}, "dxd-"},
    // reads: descriptors that came from memory
    {kind::walk_done, "walk_done", event_level::tlp, {"stream", "iova", "time", "reads"}, "dxtd"},
    // Something in the SMMU cannot go on, or can again; waited: at the end
    {kind::smmu_stall,
     "smmu_stall",
     event_level::detail,
     {"reason", "stream", "begins", "waited"},
     "sddt"},

    {kind::atc_lookup, "atc_lookup", event_level::tlp, {"iova", "hit", "substream", ""}, "xdd-"},
    {kind::atc_fill, "atc_fill", event_level::tlp, {"iova", "phys", "bytes", "substream"}, "xxdd"},
    {kind::atc_invalidated,
     "atc_invalidated",
     event_level::detail,
     {"itag", "entries", "drains", "sets"},
     "dddd"},
    {kind::invalidate_ignored,
     "invalidate_ignored",
     event_level::life,
     {"function", "reason", "itag", ""},
     "rsd-"},
    {kind::function_state,
     "function_state",
     event_level::life,
     {"function", "state", "", ""},
     "rs--"},  // "flr" "ready" "operational" "link_down"
    {kind::dma_done,
     "dma_done",
     event_level::tlp,
     {"queue", "descriptor", "status", "bytes"},
     "ddsd"},
    {kind::error_logged,
     "error_logged",
     event_level::life,
     {"function", "error", "severity", ""},
     "rsd-"},

    // One per performed read or write of a device. span is the DMA's; requester extension in full:
    // bits: stream[31:0] substream[51:32] ssv[52] write[53] translated[54] iova known[55]
    {kind::memory_access,
     "memory_access",
     event_level::tlp,
     {"phys", "bits", "iova", "obtained"},
     "xxxt"},

    // task: `where` is the task's place; point: text index ("p2", "i3"); device: routing ID
    {kind::sw_point, "sw_point", event_level::life, {"point", "device", "", ""}, "sr--"},
    {kind::sw_call, "sw_call", event_level::life, {"function", "device", "", ""}, "sr--"},
    {kind::sw_return, "sw_return", event_level::life, {"function", "device", "result", ""}, "srd-"},
    {kind::sw_task,
     "sw_task",
     event_level::detail,
     {"cpu", "state", "", ""},
     "ds--"},  // "runs" "sleeps" "waits" "ends"
    {kind::sw_irqs_off, "sw_irqs_off", event_level::detail, {"cpu", "", "", ""}, "d---"},
    {kind::sw_irqs_on, "sw_irqs_on", event_level::detail, {"cpu", "held", "", ""}, "dt--"},
    {kind::sw_interrupt, "sw_interrupt", event_level::detail, {"cpu", "irq", "begins", ""}, "dsd-"},
    // lock: text index; flags: 1 spinning lock, 2 shared, 4 irqs off, 8 in interrupt; waited: ps
    {kind::sw_lock, "sw_lock", event_level::detail, {"lock", "task", "flags", "waited"}, "swdt"},
    {kind::sw_unlock, "sw_unlock", event_level::detail, {"lock", "task", "flags", "held"}, "swdt"},
    {kind::sw_might_sleep,
     "sw_might_sleep",
     event_level::detail,
     {"what", "task", "atomic", ""},
     "swd-"},
    {kind::sw_warn, "sw_warn", event_level::life, {"text", "device", "", ""}, "sr--"},
    {kind::sw_log, "sw_log", event_level::life, {"text", "device", "level", ""}, "srd-"},
    // A device's (stream, substream) now translates by domain; ssv in bit 32 of substream
    {kind::sw_attach,
     "sw_attach",
     event_level::life,
     {"stream", "substream", "domain", "type"},
     "dxds"},
    {kind::sw_detach,
     "sw_detach",
     event_level::life,
     {"stream", "substream", "domain", ""},
     "dxd-"},
    {kind::sw_map, "sw_map", event_level::detail, {"domain", "iova", "phys", "bytes"}, "dxxd"},
    {kind::sw_unmap_begin,
     "sw_unmap_begin",
     event_level::detail,
     {"domain", "iova", "phys", "bytes"},
     "dxxd"},
    // class: 0 none, 1 tlbi_only, 2 atc
    {kind::sw_unmap_complete,
     "sw_unmap_complete",
     event_level::detail,
     {"domain", "iova", "phys", "class"},
     "dxxd"},
    {kind::sw_page,
     "sw_page",
     event_level::detail,
     {"phys", "owner", "pages", "name"},
     "xdds"},  // owner 0 = free; else a new number per owner
    // domain: the one that blocks, if it has tables; 0: transactions are aborted
    {kind::sw_device_blocked,
     "sw_device_blocked",
     event_level::life,
     {"device", "blocked", "domain", ""},
     "rdd-"},
    // client operations; where = client's place; op: text ("dma", "unmap")
    {kind::sw_op_due, "sw_op_due", event_level::detail, {"op", "device", "missed", ""}, "srd-"},
    {kind::sw_op_begin, "sw_op_begin", event_level::detail, {"op", "device", "", ""}, "sr--"},
    {kind::sw_op_end,
     "sw_op_end",
     event_level::detail,
     {"op", "device", "result", "duration"},
     "srdt"},
    // rest: references that are no debt when nothing is under way
    {kind::sw_refcount,
     "sw_refcount",
     event_level::detail,
     {"object", "count", "rest", ""},
     "sdd-"},
    {kind::sw_poll_timeout,
     "sw_poll_timeout",
     event_level::life,
     {"what", "waited", "", ""},
     "st--"},
    // What the IOMMU core holds to be attached, whatever hardware has; ssv in bit 32 of substream;
    // type "none": nothing
    {kind::sw_view,
     "sw_view",
     event_level::detail,
     {"stream", "substream", "domain", "type"},
     "dxds"},
    // state: 0 released, 1 used after that
    {kind::sw_object, "sw_object", event_level::detail, {"object", "state", "", ""}, "sd--"},
    // A task begins to wait for a lock (state 0), or ends while it holds some (1; lock unused)
    {kind::sw_lock_wait,
     "sw_lock_wait",
     event_level::detail,
     {"lock", "task", "owner", "state"},
     "swwd"},

    // monitor and rule: texts; gap: 1 = known_gap, decides nothing by itself
    {kind::violation, "violation", event_level::life, {"monitor", "device", "rule", "gap"}, "srsd"},
    {kind::action, "action", event_level::life, {"verb", "target", "", ""}, "ss--"},
}};

constexpr const kind_info& info(kind k) { return kind_table[static_cast<std::size_t>(k)]; }

namespace detail {
constexpr bool table_in_order() {
    for (std::size_t i = 0; i < kind_count; ++i)
        if (static_cast<std::size_t>(kind_table[i].what) != i || kind_table[i].formats.size() != 4)
            return false;
    return true;
}
static_assert(table_in_order(), "kind_table must list the kinds in the order of the enumeration");
}  // namespace detail

}  // namespace drydock::base
