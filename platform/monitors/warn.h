// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/monitors/monitor.h"

namespace drydock::monitors {

/// The modelled software's own WARN.
class warn final : public monitor {
public:
    explicit warn(reporter& r);

private:
    void on_event(const base::event& e) override;
};

}  // namespace drydock::monitors
