package dev.treaty.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VersionRangeTest {
    @ParameterizedTest
    @CsvSource({
        "^1.4,        1.4.0, true",
        "^1.4,        1.99.0, true",
        "^1.4,        1.3.9, false",
        "^1.4,        2.0.0, false",
        "^0.2,        0.3.0, true",
        ">=1.4 <3,    2.9.9, true",
        ">=1.4 <3,    3.0.0, false",
        ">=1.4,       77.0.0, true",
        "<3,          0.0.0, true",
        "<3,          3.0.0, false",
        "*,           0.0.0, true",
    })
    void a_range_contains_versions_between_its_ends(String range, String version, boolean expected) {
        assertThat(VersionRange.parse(range).contains(Version.parse(version))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"^1.4.0", ">=1.4.0 <3.0.0", ">=1.4.0", "<3.0.0", "*"})
    void a_range_is_parsed_from_its_text(String range) {
        assertThat(VersionRange.parse(range)).hasToString(range);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1.4", "<=3", "~1", ">=3 <2", ">= 1", "^", "1.x"})
    void invalid_text_is_rejected(String range) {
        assertThatIllegalArgumentException().isThrownBy(() -> VersionRange.parse(range));
    }

    @Test
    void a_major_version_contains_all_its_versions() {
        var one = VersionRange.from(new Version(1, 0, 0));
        assertThat(one.contains(new Version(1, 0, 0))).isTrue();
        assertThat(one.contains(new Version(2, 0, 0))).isFalse();
        assertThat(one).hasToString("^1.0.0");
    }
}
