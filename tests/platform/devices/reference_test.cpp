// SPDX-License-Identifier: Apache-2.0
// Our descriptions against the real dumps, where these are at hand (DRYDOCK_REFERENCE_DATA).
#include <filesystem>

#include "platform/devices/description.h"
#include "tests/platform/support.h"
#include "tlm/pcie/config_space.h"

namespace drydock::tests {
namespace {

void same_device(const std::string& name, const std::string& dump) {
    const auto ours = devices::load(name, {});
    const std::filesystem::path folder = DRYDOCK_REFERENCE_DATA "/lspci";
    const auto real = devices::load((folder / dump).string(), {});
    EXPECT_EQ(ours->type, real->type);
    EXPECT_EQ(ours->flr, real->flr);
    EXPECT_EQ(ours->invalidate_queue_depth, real->invalidate_queue_depth);
    EXPECT_EQ(ours->pasid_bits, real->pasid_bits);
    EXPECT_EQ(ours->pri, real->pri);
    EXPECT_EQ(ours->image.bar_size, real->image.bar_size);
    pcie::config_space a(ours->image), b(real->image);
    EXPECT_EQ(a.read(0), b.read(0));
    EXPECT_EQ(a.read(8), b.read(8));
    EXPECT_EQ(a.read(0x2c), b.read(0x2c));
    const auto ca = a.capabilities(), cb = b.capabilities();
    ASSERT_EQ(ca.size(), cb.size());
    for (std::size_t i = 0; i < ca.size(); ++i) {
        EXPECT_EQ(ca[i].id, cb[i].id);
        EXPECT_EQ(ca[i].offset, cb[i].offset);
        EXPECT_EQ(ca[i].version, cb[i].version);
    }
    for (const unsigned offset : {0u, 4u, 8u})
        EXPECT_EQ(a.read(static_cast<std::uint16_t>(a.find(0x11, false) + offset)),
                  b.read(static_cast<std::uint16_t>(b.find(0x11, false) + offset)));
    EXPECT_EQ(a.express().max_payload_supported(), b.express().max_payload_supported());
    EXPECT_EQ(a.ats().page_aligned(), b.ats().page_aligned());
    EXPECT_EQ(a.ats().global_invalidate(), b.ats().global_invalidate());
    if (ours->pri) {
        EXPECT_EQ(a.pri().capacity(), b.pri().capacity());
        EXPECT_EQ(a.pri().pasid_required(), b.pri().pasid_required());
    }
}

TEST(DeviceReference, intel_dsa_is_the_device_of_its_dump) {
    same_device("intel_dsa", "intel-dsa-ats-pri-pasid.txt");
}
TEST(DeviceReference, myricom_10g_is_the_device_of_its_dump) {
    same_device("myricom_10g", "myricom-10g-ats.txt");
}

}  // namespace
}  // namespace drydock::tests
