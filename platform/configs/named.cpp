// SPDX-License-Identifier: Apache-2.0
#include "platform/configs/named.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "platform/devices/description.h"
#include "platform/scenario/embedded.h"
#include "platform/scenario/nearest.h"
#include "platform/scenario/schema.h"

namespace drydock::configs {
namespace {

using scenario::node;

constexpr std::string_view folder = "platform/configs/";

const scenario::embedded::file* built_in(const std::string& name) {
    for (const auto& f : scenario::embedded::all())
        if (f.path.starts_with(folder) && f.name == name + ".yaml") return &f;
    return nullptr;
}

configuration parse(const std::string& text, const std::string& file) {
    const node document = scenario::parse_yaml(text, file);
    scenario::smmu_schema().check(document);
    configuration c;
    c.title = document.at("title").scalar;
    if (const node* n = document.find("why")) c.why = n->scalar;
    if (const node* n = document.find("smmu")) c.smmu = *n;
    if (const node* n = document.find("parameters")) c.parameters = *n;
    return c;
}

}  // namespace

std::vector<std::string> names() {
    std::vector<std::string> n;
    for (const auto& f : scenario::embedded::all())
        if (f.path.starts_with(folder)) n.emplace_back(f.name.substr(0, f.name.size() - 5));
    std::sort(n.begin(), n.end());
    return n;
}

configuration load(const std::string& like, const scenario::place& where) {
    if (const auto* file = built_in(like))
        return parse(std::string(file->text), std::string(file->path));
    if (!devices::is_path(like))
        throw scenario::bad_input(
            where,
            fmt::format("like: no SMMU '{}'; expected one of {}, or the path of a "
                        "configuration{}",
                        like, scenario::list_of(names()), scenario::did_you_mean(like, names())));
    const auto path = devices::resolve(like, where);
    std::ifstream in(path);
    if (!in) throw scenario::bad_input(where, fmt::format("like: cannot read '{}'", path.string()));
    std::ostringstream text;
    text << in.rdbuf();
    return parse(text.str(), path.string());
}

}  // namespace drydock::configs
