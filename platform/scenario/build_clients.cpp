// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "platform/devices/description.h"
#include "platform/scenario/build.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/tree.h"

namespace drydock::scenario::build {
namespace {

constexpr ps longest_period{3600'000'000'000'000};

const scenario::device& device_named(const run& r, const std::string& name) {
    for (const leaf& l : leaves(r.machine))
        if (l.device->name == name) return *l.device;
    throw std::logic_error("device '" + name + "' was checked but is not there");
}

void read_mix(const fields& f, dma_load& load) {
    f.read_percent("atomic", load.atomic_percent);
    const unsigned rest = 100 - load.atomic_percent;
    load.read_percent = std::min(load.read_percent, rest);
    unsigned write = rest - load.read_percent;
    if (f.has("read") && !f.has("write")) {
        f.read_percent("read", load.read_percent);
        write = rest - std::min(load.read_percent, rest);
    } else {
        if (f.has("write")) {
            f.read_percent("write", write);
            if (!f.has("read")) load.read_percent = rest - std::min(write, rest);
        }
        f.read_percent("read", load.read_percent);
    }
    if (load.read_percent + write + load.atomic_percent == 100) return;
    const std::string all = f.has("atomic") ? fmt::format("{}%, {}% and {}%", load.read_percent,
                                                          write, load.atomic_percent)
                                            : fmt::format("{}% and {}%", load.read_percent, write);
    throw bad_input(f.where(f.has("write") ? "write" : "atomic"),
                    fmt::format("mix: {} are not 100% together", all));
}

/// `atomic: {op: cas, bytes: 16B}` of what `mix:` says is atomic
void read_atomic(const fields& f, dma_load& load) {
    const fields a = f.sub("atomic");
    a.read("op", load.atomic_op);
    std::uint64_t bytes = load.atomic_bytes;
    a.read_bytes("bytes", bytes);
    const bool wide = load.atomic_op == "cas" && bytes == 16;
    if (bytes != 4 && bytes != 8 && !wide)
        throw bad_input(a.where("bytes"),
                        fmt::format("bytes: {} cannot be used; expected 4B or 8B, of cas 16B too",
                                    bytes_to_text(bytes)));
    load.atomic_bytes = static_cast<unsigned>(bytes);
    if (f.has("atomic") && load.atomic_percent == 0)
        throw bad_input(f.where("atomic"),
                        "atomic: no descriptor is one; expected mix: {atomic: 20%} beside it");
}

dma_load read_dma(const fields& f) {
    dma_load load;
    f.read_burst("burst", load.count, load.bytes);
    f.read("every", load.every, 1_ns, longest_period);
    read_mix(f.sub("mix"), load);
    read_atomic(f, load);
    return load;
}

unmap_load read_unmap(const fields& f) {
    unmap_load load;
    f.read("pages", load.pages);
    f.read("every", load.every, 1_ns, longest_period);
    std::string remap = "new_page";
    f.read("remap", remap);
    load.remap = remap == "new_page";
    std::string context = "process";
    f.read("context", context);
    load.reclaim = context == "reclaim";
    return load;
}

struct kind_word {
    client_kind kind;
    std::string_view word;
    std::vector<std::string> foreign;  ///< keys that other kinds have
};

const std::vector<kind_word>& kinds() {
    static const std::vector<kind_word> all{
        {client_kind::dma_client, "dma_client", {"dma", "page_faults", "resident", "vm"}},
        {client_kind::sva, "sva", {"burst", "every", "mix", "atomic", "vm", "ras"}},
        {client_kind::vfio, "vfio", {"dma", "page_faults", "resident", "ras", "pasid", "peer"}}};
    return all;
}

/// Keys that one kind of client has and another has not.
void refuse_foreign_keys(const fields& f, const kind_word& kind) {
    const auto expected = [&](std::string_view key) -> std::string {
        if (key == "vm") return "kind: vfio";
        if (key == "ras" || key == "peer") return "kind: dma_client";
        if (key == "pasid") return "kind: dma_client or sva";
        if (key == "dma") return "burst: and every:";
        if (key == "page_faults" || key == "resident") return "kind: sva";
        return "dma: {burst: 16 x 256B, every: 10us}";
    };
    for (const std::string& key : kind.foreign)
        if (f.has(key))
            throw bad_input(f.where(key),
                            fmt::format("'{}' does not belong to a client of kind {}; expected {}",
                                        key, kind.word, expected(key)));
}

vm_load read_vm(const fields& f, const scenario::device& d) {
    vm_load vm;
    if (f.has("pasid")) {
        f.read("pasid", vm.pasid.emplace());
        require_pasid(f.where("pasid"), *vm.pasid, d);
    } else {
        f.tell("pasid", "none");
    }
    f.read("every", vm.every, 1_us, longest_period);
    f.read("lives", vm.lives, 1_us, longest_period);
    f.read("retry", vm.retry, 1_us, longest_period);
    f.read("give_up", vm.give_up, 1_us, longest_period);
    return vm;
}

health_watch read_ras(const fields& f) {
    health_watch h;
    f.read("every", h.every, 1_us, longest_period);
    f.read("failures", h.failures);
    f.read("attempts", h.attempts);
    return h;
}

void check_pasid(const fields& f, const client& c, const scenario::device& d, const run& r) {
    if (c.kind == client_kind::sva && !c.pasid)
        throw bad_input(f.section()->where, "'pasid' is missing; a client of kind sva needs one");
    if (!c.pasid) return;
    require_pasid(f.where("pasid"), *c.pasid, d);
    for (const client& other : r.clients)
        if (other.device == c.device && other.pasid == c.pasid)
            throw bad_input(f.where("pasid"),
                            fmt::format("pasid: {} of device '{}' belongs to client '{}' already; "
                                        "expected another",
                                        *c.pasid, c.device, other.name));
}

void read_buffer(const fields& f, client& c) {
    f.read_bytes("buffer", c.buffer_bytes);
    f.read_bytes("page", c.page_bytes);
    if (c.buffer_bytes == 0 || c.buffer_bytes % c.page_bytes != 0 ||
        c.buffer_bytes > (256ull << 20))
        throw bad_input(
            f.where("buffer"),
            fmt::format("buffer: {} cannot be used; expected whole pages of {}, at most 256MiB",
                        bytes_to_text(c.buffer_bytes), bytes_to_text(c.page_bytes)));
    const auto pages = c.buffer_bytes / c.page_bytes;
    if (c.unmap && c.unmap->pages > pages)
        throw bad_input(
            f.sub("unmap").where("pages"),
            fmt::format("pages: {} is out of range; expected 1..{} (the buffer's pages)",
                        c.unmap->pages, pages));
}

/// `page_faults: true, resident: 50%`, and `unmap: {remap: on_fault}`
void read_page_faults(const fields& f, client& c, const scenario::device& d) {
    f.read("page_faults", c.page_faults);
    f.read_percent("resident", c.resident_percent);
    if (c.page_faults && !d.description->pri)
        throw bad_input(f.where("page_faults"),
                        fmt::format("page_faults: device '{}' ({}) has no Page Request capability",
                                    d.name, d.like));
    if (c.page_faults) return;
    const auto refuse = [](const place& where, std::string_view what) {
        throw bad_input(where, fmt::format("{} leaves pages out that nobody brings in; expected "
                                           "page_faults: true beside it",
                                           what));
    };
    if (c.resident_percent != 100) refuse(f.where("resident"), "'resident'");
    if (c.unmap && !c.unmap->remap) refuse(f.sub("unmap").where("remap"), "remap: on_fault");
}

/// `peer: NAME`: the upper half of that device's BAR0, where no register is.
void read_peer(const fields& f, client& c, const run& r) {
    if (!f.has("peer")) return;
    f.read("peer", c.peer);
    require_name(f.where("peer"), "device", c.peer, device_names(r));
    const auto refuse = [&](std::string_view what, std::string_view expected) {
        throw bad_input(f.where("peer"),
                        fmt::format("peer: '{}' {}; expected {}", c.peer, what, expected));
    };
    if (c.kind != client_kind::dma_client)
        refuse("beside kind: sva, whose pages are a process's", "kind: dma_client");
    if (!c.dma || c.unmap) refuse("needs DMA and no unmap", "burst: and every: alone");
    if (c.dma->atomic_percent != 0)
        refuse("takes no AtomicOps, which end at the root complex", "mix: of reads and writes");
    if (c.peer == c.device) refuse("is the client's own device", "another");
    const scenario::device& peer = device_named(r, c.peer);
    if (peer.vf != 0) refuse("is a virtual function", "a physical one");
    for (const leaf& l : leaves(r.machine))
        if (l.device == &peer && l.absent) refuse("is not there at first", "one that is");
    const std::uint64_t half = peer.description->image.bar_size[0] / 2;
    if (c.buffer_bytes > half)
        refuse(fmt::format("({}) has {} for it, half of BAR0", peer.like, bytes_to_text(half)),
               fmt::format("a buffer of at most {}", bytes_to_text(half)));
}

client read_client(const std::string& name, const fields& f, const run& r) {
    client c;
    c.name = name;
    c.where = f.section()->where;
    std::string kind = "dma_client";
    f.read("kind", kind);
    const auto word = std::find_if(kinds().begin(), kinds().end(),
                                   [&](const kind_word& k) { return k.word == kind; });
    c.kind = word->kind;
    f.read("device", c.device);
    require_name(f.where("device"), "device", c.device, device_names(r));
    refuse_foreign_keys(f, *word);
    if (f.has("pasid")) f.read("pasid", c.pasid.emplace());
    check_pasid(f, c, device_named(r, c.device), r);
    f.read("cpu", c.cpu);
    if (c.cpu >= r.machine.cpus)
        throw bad_input(f.where("cpu"),
                        fmt::format("cpu: {} is out of range; expected 0..{} (machine.cpus is {})",
                                    c.cpu, r.machine.cpus - 1, r.machine.cpus));
    if (c.kind == client_kind::vfio) c.vm = read_vm(f.sub("vm"), device_named(r, c.device));
    if (f.has("ras")) c.ras = read_ras(f.sub("ras"));
    if (c.kind == client_kind::sva) {
        if (f.has("dma")) c.dma = read_dma(f.sub("dma"));
    } else if (f.has("burst") || f.has("every")) {
        if (!f.has("burst") || !f.has("every"))
            throw bad_input(f.section()->where,
                            fmt::format("'{}' is missing; DMA needs burst: and every:",
                                        f.has("burst") ? "every" : "burst"));
        c.dma = read_dma(f);
    }
    if (f.has("unmap")) c.unmap = read_unmap(f.sub("unmap"));
    if (c.kind == client_kind::sva) read_page_faults(f, c, device_named(r, c.device));
    if (c.unmap && c.unmap->reclaim && c.page_faults)
        throw bad_input(f.sub("unmap").where("context"),
                        "context: reclaim beside page_faults, whose lock sleeps; expected context: "
                        "process");
    read_buffer(f, c);
    read_peer(f, c, r);
    return c;
}

/// Bridges forward memory in units of 1 MiB.
void read_window(const fields& f, const char* key, std::uint64_t& bytes) {
    constexpr std::uint64_t mib = 1 << 20, most = std::uint64_t{64} << 30;
    f.read_bytes(key, bytes);
    if (bytes % mib != 0 || bytes > most)
        throw bad_input(f.where(key),
                        fmt::format("{}: {} cannot be used; expected whole MiB, at most 64GiB", key,
                                    bytes_to_text(bytes)));
}

}  // namespace

/// The reset variant that a quarantine was published with; off: what is merged.
std::string published_pair(const std::string& quarantine) {
    if (quarantine == "off") return "M2";
    return quarantine == "Q1" || quarantine == "Q2" ? "N1" : "M3";
}

void software(const node& document, run& r) {
    const fields f(document.find("software"), "software", r.effective);
    f.sub("reset").read("variant", r.software.reset_variant);
    f.sub("reset").read("policy", r.software.reset_policy);
    f.read("quarantine", r.software.quarantine);
    if (r.software.reset_variant == "published")
        r.software.reset_variant = published_pair(r.software.quarantine);
    const fields smmu = f.sub("smmu");
    smmu.read("invalidation", r.software.invalidation);
    smmu.read("force_sync", r.software.cmdq_force_sync);
    smmu.read("poll_gerror", r.software.poll_gerror);
    smmu.read("disable_ats", r.software.disable_ats);
    smmu.read("sync_failure", r.software.sync_failure);
    smmu.read("presence_check", r.software.presence_check);
    f.read("cerror_sync", r.software.cerror_sync);
    f.read("pri", r.software.pri);
    f.read("guest", r.software.guest);
    const fields pci = f.sub("pci");
    pci.read("flr_wait", r.software.flr_wait, 0_ps, 100_s);
    pci.read("recovery", r.software.recovery);
    pci.read("reset_notice", r.software.reset_notice);
    pci.read("dpc", r.software.dpc);
    pci.read("edr_latency", r.software.edr_latency, 0_ps, 10_s);
    pci.read("dpc_completion", r.software.dpc_completion);
    pci.read("ecrc", r.software.ecrc);
    pci.read("msi", r.software.msi);
    read_window(pci, "hotplug_memory", r.software.hotplug_memory);
    read_window(pci, "hotplug_prefetchable", r.software.hotplug_prefetchable);
}

void clients(const node& document, run& r) {
    const fields f(document.find("clients"), "clients", r.effective);
    if (f.section() == nullptr) return;
    const auto devices = device_names(r);
    for (const member& m : f.section()->members) {
        refuse_reserved(m.where, m.key);
        if (std::find(devices.begin(), devices.end(), m.key) != devices.end())
            throw bad_input(
                m.where,
                fmt::format("client '{}' has the name of a device; names must differ", m.key));
        r.clients.push_back(read_client(m.key, f.sub(m.key), r));
    }
}

}  // namespace drydock::scenario::build
