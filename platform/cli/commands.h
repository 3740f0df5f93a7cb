// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/cli/cli.h"
#include "platform/scenario/load.h"

namespace drydock::cli {

struct run_options {
    std::string scenario;
    scenario::overrides changes;
    unsigned jobs = 1;
    std::string out;             ///< empty: out/<name of the scenario>
    std::string waves;           ///< empty: as the scenario says; "on", or a window
    std::string waves_of;        ///< "ep0,smmu"; empty: as the scenario says
    std::string trace, pcap;     ///< as waves
    std::string events;          ///< empty: as the scenario says
    std::string junit;           ///< empty: none
    std::optional<bool> report;  ///< report.html, and what explain and compare need; none: as the
                                 ///< scenario says
    unsigned verbose = 0;        ///< how often -v was given
};

struct hazards_options {
    std::string folder = "platform/hazards";
    std::string ids;       ///< "H-01,H-12"; empty: all
    std::string variants;  ///< values of axes; empty: all
    unsigned jobs = 1;
    bool as_json = false;
};

struct explain_options {
    std::string folder;
    std::string id;   ///< "INV-17"; empty: none
    std::string out;  ///< folder for the charts; empty: explain/ in the run's
    std::optional<std::size_t> slowest, violation;
};

struct compare_options {
    std::string a, b;  ///< folders
    bool as_json = false;
};

struct view_options {
    std::string folder;  ///< of a run, or of outputs with one run that has waves
    std::string view = "overview";
    bool only_write = false;
};

struct accuracy_options {
    std::string pattern;            ///< only this one; empty: all
    std::string scenario;           ///< only this machine; empty: those that are built in
    std::vector<std::string> set;   ///< of the scenario; without one, times of the models
    std::vector<std::string> axes;  ///< of the scenario
    bool calibrate = false;         ///< measure the models' times instead of their errors
    unsigned jobs = 1;
    bool as_json = false;
};

int run_command(const run_options& o, const tools& t);
/// Runs every hazard of a folder against every variant that it speaks of, writes no file.
int hazards_command(const hazards_options& o, const tools& t);
/// Of the hazards in a folder, by file name; none if there is no such folder.
std::vector<std::string> hazard_titles(const std::string& folder);
/// Times the blocks in SystemVerilog and their twins under patterns of traffic (docs/accuracy.md).
int accuracy_command(const accuracy_options& o, const tools& t);
int check_command(const std::string& scenario, const scenario::overrides& changes, const tools& t);
/// @param scenario empty: what there is to build scenarios from; else its runs and the names it may
/// expect
int list_command(const std::string& scenario, const scenario::overrides& changes, const tools& t);
int points_command(const std::string& scenario, const scenario::overrides& changes, const tools& t);
int params_command(const std::string& scenario, const scenario::overrides& changes, const tools& t);
/// The configuration spaces of the first run's machine, as `lspci -xxxx` prints them.
int lspci_command(const std::string& scenario, const scenario::overrides& changes, const tools& t);
/// The life of single transactions of a run, in words, as sequence and as timing diagram.
int explain_command(const explain_options& o, const tools& t);
/// What changed between two runs, or between the runs of one name of two folders.
int compare_command(const compare_options& o, const tools& t);
/// GTKWave's save files for the waves of a run, and GTKWave on one of them.
int view_command(const view_options& o, const tools& t);
int show_command(const std::string& folder, const tools& t);
/// The `machine:` of a scenario with the devices of a dump (devices/dump_tree.h).
int import_command(const std::string& file, const tools& t);
/// The whole of a file that a user named. @throws scenario::bad_input saying what was expected
std::string contents_of(const std::string& file, const char* expected);
/// A table of bandwidths (conform/pcie_bw.h) against the simulated link.
int conform_pcie_bw_command(const std::string& file, const tools& t);
/// A dump of lspci (conform/lspci.h) against the configuration spaces made of it.
int conform_lspci_command(const std::string& file, const tools& t);
/// Recorded vectors (conform/smmu_vectors.h) against the SMMU.
int conform_smmu_command(const std::vector<std::string>& files, const tools& t);
/// Where the recorder of those vectors differs from the architecture.
int conform_smmu_deviations_command(const tools& t);

/// The worst thing that kept a run from giving a result, as an exit code; prints each.
int report_failures(const std::vector<runner::outcome>& outcomes, const tools& t);

/// summary.json's `drydock` object.
nlohmann::json header_of(const scenario::loaded& l, const scenario::overrides& changes);
/// A terminal, and NO_COLOR is not set.
bool wants_colour(std::FILE* f);
void print(std::FILE* f, const std::string& text);

}  // namespace drydock::cli
