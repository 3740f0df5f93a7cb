// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/scenario/document.h"
#include "platform/scenario/fields.h"
#include "platform/scenario/scenario.h"

/// From a document that the schema has judged to the typed run; each step checks what the schema
/// cannot: that names exist, that ranges agree with each other. @throws bad_input
namespace drydock::scenario::build {

void machine(const node& document, run& r);
void fidelity(const node& document, run& r);
/// `smmu:` and `smmus:` of the machine; the parameters of named configurations.
void smmus(const node& machine, run& r);
/// `smmu:` of a root port. @return index in r.machine.smmus
unsigned smmu_of_port(const fields& f, run& r);
/// After ports and parameters: every function has a StreamID of its own.
void check_streams(run& r);
parameter_setting parameter_of(const std::string& name, const node& value, base::origin from);
/// `device:` of a port, with its functions.
scenario::device device(const fields& f, run& r);
void software(const node& document, run& r);
/// Groups, domains, devices and switches of `software:`. After clients().
void software_objects(const node& document, run& r);
/// After machine().
void clients(const node& document, run& r);
/// After clients().
void timeline(const node& document, run& r);
void end(const node& document, run& r);
void outputs(const node& document, run& r);
void fidelity(const node& document, run& r);
/// The lines of `expect` for `all` and for each of `words` (axis values, the reset variant).
/// @param all_words what other keys may be: values of any run of the matrix
void expectations(const node& document, const std::vector<std::string>& words,
                  const std::vector<std::string>& all_words, run& r);

/// "20ms", "R at p4", "R returned", "itag_timeout of ep0 #3". Names are checked against r.
/// @param tasks names that a task or client has
condition parse_condition(const node& text, const run& r, const std::vector<std::string>& tasks);

/// Root ports and ports of switches, with the way in their names: "rp0", "rp0_dsp1".
std::vector<std::string> port_names(const run& r);
std::vector<std::string> device_names(const run& r);
std::vector<std::string> client_names(const run& r);
/// Tasks of the timeline, then clients: whatever can stand at a point.
std::vector<std::string> task_names(const run& r);

/// The task that a verb starts; empty: none.
std::string task_of(const verb& v);

/// A name for threads of control that are there without the timeline: interrupts, workers.
struct standing_task {
    std::string_view name;     ///< in a scenario; a task of the timeline may take it for itself
    std::string_view begins;   ///< what the kernel calls them begins so
    std::string_view ends;     ///< and ends so
    std::string_view meaning;  ///< for `drydock points`
};
const std::vector<standing_task>& standing_tasks();

/// `oracle:` of a hazard, and what `expect:`, `sheet:` and `explain:` say of the run with these
/// words. After timeline(). @param all_words as of expectations()
void hazard(const node& document, const std::vector<std::string>& words,
            const std::vector<std::string>& all_words, run& r);
/// Whether a document is a hazard.
bool is_hazard(const node& document);
/// "group_mutex(G)", "pci_rescan_remove_lock": in place of a device in an oracle.
bool names_a_lock(std::string_view);

/// Named points of the modelled software, in the order they are passed.
const std::vector<std::string>& points();
/// What each point means, for `drydock points`.
std::string_view meaning_of_point(std::string_view point);
/// Points that hardware passes: a task cannot be held there.
bool of_hardware(std::string_view point);

/// @throws bad_input unless the device can have that PASID
void require_pasid(const place& where, std::uint32_t pasid, const scenario::device& d);
/// @throws bad_input "no device 'X'; there are ..." unless names has it
void require_name(const place& where, std::string_view what, const std::string& name,
                  const std::vector<std::string>& names);

/// Names that expectations give a meaning of their own: all, cpu0, counters, invalidation..
/// @throws bad_input
void refuse_reserved(const place& where, const std::string& name);

/// "EBUSY", "-EBUSY" or "0" as the kernel returns it; nothing for any other word.
std::optional<int> error_number(std::string_view name);

}  // namespace drydock::scenario::build
