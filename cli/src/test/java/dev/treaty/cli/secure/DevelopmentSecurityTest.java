package dev.treaty.cli.secure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.config.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DevelopmentSecurityTest {
    @Test
    void operators_of_the_file_stay_operators() {
        assertThat(DevelopmentSecurity.operators(Settings.DEFAULTS))
                .isEqualTo(Map.of("security.roles.operator", "operator,treaty"));
        Settings file = Settings.parse("test", "security: {roles: {operator: [alice, operator]}}", Map.of());
        assertThat(DevelopmentSecurity.operators(file))
                .isEqualTo(Map.of("security.roles.operator", "alice,operator,treaty"));
    }
}
