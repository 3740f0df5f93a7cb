// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "tlm/base/context.h"
#include "tlm/root_complex/containment_if.h"

namespace drydock::test {

/// The containment block that this executable tests.
std::unique_ptr<root_complex::containment_if> make_containment(
    std::string_view name, base::context&, const root_complex::containment_config&,
    root_complex::containment_client&);

}  // namespace drydock::test
