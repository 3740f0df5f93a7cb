// SPDX-License-Identifier: Apache-2.0
// The schema that editors use and the loader say the same.
#include "platform/scenario/schema.h"

#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "platform/scenario/document.h"
#include "tests/platform/support.h"

namespace drydock::tests {
namespace {

using json = nlohmann::json;

/// The file as an editor reads it.
class editor {
public:
    editor() : text_(json::parse(read(project_file("platform/schema/scenario.schema.json")))) {
        valijson::SchemaParser parser;
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(text_), schema_);
    }
    bool accepts(const std::string& yaml) const {
        const json document = scenario::parse_yaml(yaml, "s.yaml").to_json();
        valijson::Validator validator;
        return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(document),
                                  nullptr);
    }
    const json& text() const { return text_; }
    const json& resolved(const json& s) const {
        if (!s.contains("$ref")) return s;
        return resolved(text_.at(json::json_pointer(s.at("$ref").get<std::string>().substr(1))));
    }

private:
    json text_;
    valijson::Schema schema_;
};

/// Everything that a file can say.
const char* const everything = R"(title: all keys
source: [here]
machine:
  smmu: {invalidate_timeout: 10ms, sev: false, cmdq_log2size: 8, evtq_log2size: 7, priq_log2size: 7, itags: 32}
  cpus: 2
  irq: {gerror: {cpu: 0}, evtq: {cpu: 0}, priq: {cpu: 1}}
  ports:
    rp0:
      link: gen4 x8
      device: {name: ep0, like: intel_dsa, overrides: {port_type: endpoint, link: gen4 x8},
               atc: {entries: 64, ways: 4}, flr_time: 100ms}
    rp1:
      switch:
        acs: off
        dsp0: {switch: {dsp0: {link: gen3 x4, device: {name: far, like: generic_ats_endpoint, overrides: {port_type: endpoint, link: gen3 x4},
          functions: {f1: {name: further, like: generic_ats_endpoint, overrides: {port_type: endpoint, link: gen3 x4}, atc: {entries: 64, ways: 4}, flr_time: 1ms,
            sriov: {vfs: 2, total_vfs: 4, first_offset: 4, stride: 2, atc: shared}}},
          sriov: {vfs: 1, total_vfs: 1, first_offset: 16, stride: 1, atc: own}}}}}
    rp2:
      hotplug: empty
      device: {name: many, like: generic_ats_endpoint, overrides: {port_type: endpoint, link: gen3 x4},
               functions: {f1: {name: other, like: generic_ats_endpoint, overrides: {port_type: endpoint, link: gen3 x4}, atc: {entries: 64, ways: 4}, flr_time: 1ms,
                                sriov: {vfs: 2, total_vfs: 4, first_offset: 4, stride: 2, atc: shared}}},
               sriov: {vfs: 1, total_vfs: 1, first_offset: 16, stride: 1, atc: own}}
  parameters: {smmu.command: 5ns}
fidelity: {atc: lockstep, invalidation_tracker: rtl, dpc: lockstep}
software: {reset: {variant: none, policy: disable_and_block_ats}, group: {G: [ep0]}, domain: {D1: {kind: paging, attach: G, pasid: 3}}, devices: {ep0: {aliases: [far], acpi_reset: 1ms, power_off: 1ms, quirk: ivb_igd, frozen: can_recover, remove: stops}}, ops: {blocked_domain: none}, switches: none, require_direct: ignore, quarantine: off, smmu: {invalidation: masters, force_sync: true, poll_gerror: true, disable_ats: driver_may, sync_failure: all_waiters, presence_check: config_read}, cerror_sync: repeated, pci: {flr_wait: 100ms, recovery: before_2025_08, reset_notice: on_atc_timeout, dpc_completion: ur, ecrc: on, msi: false, hotplug_buses: 2, hotplug_memory: 2MiB, hotplug_prefetchable: 4MiB}}
clients:
  sva0: {kind: sva, device: ep0, pasid: 1, cpu: 0, buffer: 64KiB, page: 4KiB,
         dma: {burst: 4 x 256B, every: 10us, mix: {read: 40%, write: 40%, atomic: 20%}, atomic: {op: cas, bytes: 16B}},
         unmap: {pages: 1, every: 5us, remap: new_page}}
  dma0: {kind: dma_client, device: ep0, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 10us, mix: {read: 10%, write: 90%},
         ras: {every: 1ms, failures: 3, attempts: 3}}
  vm0: {kind: vfio, device: far, cpu: 1, buffer: 64KiB, burst: 4 x 256B, every: 10us, mix: {read: 10%, write: 90%},
        unmap: {pages: 1, every: 5us, context: reclaim}, vm: {every: 400ms, lives: 150ms, retry: 1ms, give_up: 1s, pasid: 4}}
  peer0: {kind: dma_client, device: ep0, peer: far, cpu: 1, buffer: 4KiB, burst: 4 x 256B, every: 10us, mix: {read: 10%, write: 90%}}
matrix: {software.reset.variant: [none, M2]}
timeline:
  - {when: 1ms, task: R, cpu: 1, reset: {device: ep0, method: flr, call: pci_reset_function}}
  - {when: 1ms, start: dma0}
  - {when: 1ms, task: A, attach: {device: ep0, pasid: 2, domain: paging}}
  - {when: A returned, task: B, detach: {device: ep0, pasid: 2}}
  - {when: 1ms, inject: {device: ep0, fault: lose_completions}}
  - {when: R at p4, hold: R}
  - {when: 'itag_timeout of ep0 #3', release: R}
  - {when: 2ms, set: {rp0_link.up: false}}
  - {when: 2ms, task: C, unmap: {client: vm0, page: 2, pages: 3}}
  - {when: 2ms, inject: {smmu: smmu, fault: service_failure}}
end: {when: [R returned, 3ms], plus: 1ms, limit: 50s}
expect:
  all: [R.result: 0, stuck: {fires: ep0}]
  M2: {timeouts: "< 1%", warn: fires}
outputs: {events: life, waves: 1ms..2ms, waves_of: [ep0], trace: all, pcap: violation-20us..+5us, report: false}
)";

std::string with(const std::string& old_text, const std::string& new_text) {
    std::string s = everything;
    const auto at = s.find(old_text);
    if (at == std::string::npos) throw std::logic_error("'" + old_text + "' is not there");
    return s.replace(at, old_text.size(), new_text);
}

TEST(Schema, a_file_that_says_everything_is_good_for_both) {
    const scratch s;
    EXPECT_EQ(refusal(s.file("s.yaml", everything)), "");
    EXPECT_TRUE(editor().accepts(everything));
}

TEST(Schema, what_has_a_wrong_form_is_refused_by_both) {
    const scratch s;
    const editor e;
    const std::pair<const char*, const char*> wrong[] = {
        {"title: all keys", "titel: all"},
        {"title: all keys", "title: [all]"},
        {"source: [here]", "source: here"},
        {"10ms", "10"},
        {"10ms", "-1ms"},
        {"sev: false", "sev: no"},
        {"cmdq_log2size: 8", "cmdq_log2size: 20"},
        {"itags: 32", "itags: 0"},
        {"cpus: 2", "cpus: two"},
        {"gerror: {cpu: 0}", "gerror: 0"},
        {"link: gen4 x8\n", "link: gen9 x8\n"},
        {"name: ep0, ", ""},
        {"port_type: endpoint", "port_type: switch"},
        {"acs: off", "acs: maybe"},
        {"report: false", "report: short"},
        {"dsp0: {switch", "dsp-0: {switch"},
        {"dsp0: {link: gen3 x4", "dsp0: {links: gen3 x4"},
        {"dsp0: {link: gen3 x4", "dsp0: {link: gen3 x5"},
        {"entries: 64", "entries: -1"},
        {"smmu.command: 5ns", "smmu.command: [5ns]"},
        {"atc: lockstep", "atc: vhdl"},
        {"variant: none,", "variant: N5,"},
        {"invalidation_tracker: rtl", "invalidation_tracker: verilog"},
        {"dpc: lockstep", "dpc: [lockstep]"},
        {"quarantine: off", "quarantine: Q6"},
        {"cerror_sync: repeated", "cerror_sync: again"},
        {"kind: sva", "kind: vhost"},
        {"hotplug: empty", "hotplug: full"},
        {"recovery: before_2025_08", "recovery: never"},
        {"dpc_completion: ur", "dpc_completion: rrs"},
        {"ecrc: on", "ecrc: maybe"},
        {"msi: false", "msi: 0"},
        {"op: cas", "op: nand"},
        {"hotplug_buses: 2", "hotplug_buses: 0"},
        {"hotplug_memory: 2MiB", "hotplug_memory: two"},
        {"page: 4KiB", "page: 64KiB"},
        {"burst: 4 x 256B", "burst: 0 x 256B"},
        {"read: 40%", "read: 101%"},
        {"pages: 1", "pages: 0"},
        {"remap: new_page", "remap: old_page"},
        {"[none, M2]", "[]"},
        {"when: 1ms, start: dma0", "start: dma0"},
        {"when: 1ms, start: dma0", "when: 1ms"},
        {"when: 1ms, start: dma0", "when: 1ms, start: dma0, release: R"},
        {"method: flr", "method: {flr: 1}"},
        {"domain: paging", "domain: [paging]"},
        {"fault: lose_completions", "fault: burn"},
        {"rp0_link.up: false", "rp0_link.up: false, rp1_link.up: true"},
        {"plus: 1ms", "plus: 1"},
        {"power_off: 1ms", "power_off: 1"},
        {"quirk: ivb_igd", "quirk: igd"},
        {"frozen: can_recover", "frozen: recovers"},
        {"remove: stops", "remove: waits"},
        {"pasid: 4", "pasid: four"},
        {"pages: 3", "pages: many"},
        {"smmu: smmu, fault", "smmu: [smmu], fault"},
        {"when: [R returned, 3ms]", "when: []"},
        {"R.result: 0", "R.result: 0.5"},
        {"stuck: {fires: ep0}", "stuck: {hits: ep0}"},
        {"events: life", "events: all"},
        {"waves: 1ms..2ms", "waves: [1ms]"},
    };
    for (const auto& [old_text, new_text] : wrong) {
        const std::string yaml = with(old_text, new_text);
        EXPECT_FALSE(e.accepts(yaml)) << new_text;
        EXPECT_NE(refusal(s.file("s.yaml", yaml)), "") << new_text;
    }
}

/// Dotted paths of the schema's leaves below `rule`; names of the user's own are a star.
void leaves(const editor& e, const json& rule, const std::string& path, std::set<std::string>& to) {
    if (path.find(".switch.*.switch") != std::string::npos) return;  // a tree has no end
    const json& r = e.resolved(rule);
    bool leaf = true;
    if (r.contains("properties"))
        for (const auto& [key, below] : r.at("properties").items()) {
            leaves(e, below, path.empty() ? key : path + "." + key, to);
            leaf = false;
        }
    if (r.contains("additionalProperties") && r.at("additionalProperties").is_object()) {
        leaves(e, r.at("additionalProperties"), path + ".*", to);
        leaf = false;
    }
    if (r.contains("patternProperties"))
        for (const auto& [pattern, below] : r.at("patternProperties").items())
            leaves(e, below, path + ".*", to);
    if (leaf) to.insert(path);
}

/// As leaves() names them: names of ports, clients and parameters become a star.
std::string starred(std::string path) {
    for (const char* owner : {"machine.ports.", "machine.smmus.", "clients.", "machine.parameters.",
                              "software.group.", "software.domain.", "software.devices."}) {
        if (!path.starts_with(owner)) continue;
        const auto from = std::string(owner).size();
        const auto to =
            std::string(owner) == "machine.parameters." || std::string(owner) == "software.group."
                ? path.size()
                : path.find('.', from);
        path.replace(from, to - from, "*");
    }
    const std::string functions = ".functions.";
    if (const auto at = path.find(functions); at != std::string::npos) {
        const auto from = at + functions.size();
        path.replace(from, path.find('.', from) - from, "*");
    }
    const std::string channels = ".virtual_channels.";
    if (const auto at = path.find(channels);
        at != std::string::npos && !path.ends_with(".arbitration")) {
        const auto from = at + channels.size();
        path.replace(from, path.find('.', from) - from, "*");
    }
    // Below a switch: its ports by name, and of a second switch no more than of the first.
    const std::string below = ".switch.";
    for (auto at = path.find(below); at != std::string::npos; at = path.find(below, at + 1)) {
        const auto from = at + below.size(), to = path.find('.', from);
        if (to != std::string::npos) path.replace(from, to - from, "*");
    }
    const std::string twice = ".switch.*.switch";
    if (const auto at = path.find(twice); at != std::string::npos)
        path.replace(at, twice.size(), ".switch");
    return path;
}

TEST(Schema, every_value_that_the_loader_reads_is_a_key_of_the_schema_and_the_reverse) {
    const scratch s;
    const editor e;
    std::set<std::string> known, read;
    for (const char* section : {"machine", "fidelity", "software", "clients", "end", "outputs"})
        leaves(e, e.text().at("properties").at(section), section, known);
    const auto l = scenario::load(s.file("s.yaml", everything), {});
    for (const auto& setting : l.runs.front().effective) read.insert(starred(setting.path));
    const auto several = scenario::load(
        s.file("t.yaml",
               "machine:\n"
               "  smmus: {a: {}}\n"
               "  ports:\n"
               "    rp0: {virtual_channels: {1: {tcs: [1]}}, device: {name: x, like: "
               "generic_ats_endpoint, overrides: {virtual_channels: 2}}}\n"
               "    rp1: {switch: {d: {virtual_channels: {1: {tcs: [1]}}, device: {name: y, like: "
               "generic_ats_endpoint, overrides: {virtual_channels: 2}}}}}\n"
               "end: {when: 1ms}\n"),
        {});
    for (const auto& setting : several.runs.front().effective) read.insert(starred(setting.path));
    EXPECT_EQ(read, known);
}

void check_described(const editor& e, const json& rule, const std::string& path) {
    EXPECT_TRUE(rule.contains("description") || e.resolved(rule).contains("description")) << path;
    const json& r = e.resolved(rule);
    if (r.contains("properties"))
        for (const auto& [key, below] : r.at("properties").items())
            check_described(e, below, path + "." + key);
    for (const char* rest : {"items", "additionalProperties"})
        if (r.contains(rest) && r.at(rest).is_object() && r.at(rest).contains("properties"))
            check_described(e, r.at(rest), path + ".*");
}

TEST(Schema, every_key_is_described) {
    const editor e;
    for (const auto& [key, rule] : e.text().at("properties").items()) check_described(e, rule, key);
    for (const char* shared : {"client", "timeline_entry", "device", "switch"})
        check_described(e, e.text().at("definitions").at(shared), shared);
}

TEST(Schema, numbers_in_an_enumeration_are_named_like_words) {
    const scenario::schema lanes(
        R"({"type": "object", "properties": {"lanes": {"enum": [1, 2, 4, "all"]}}})");
    try {
        lanes.check(scenario::parse_yaml("lanes: 3", "s.yaml"));
        FAIL() << "3 is none of them";
    } catch (const scenario::bad_input& e) {
        EXPECT_NE(std::string(e.what()).find("1, 2, 4"), std::string::npos) << e.what();
    }
    EXPECT_NO_THROW(lanes.check(scenario::parse_yaml("lanes: 4", "s.yaml")));
}

}  // namespace
}  // namespace drydock::tests
