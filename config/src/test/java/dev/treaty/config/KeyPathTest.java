package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyPathTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "zone | zone",
                "server.cors.origins | server/cors/origins",
                "services.shop.Orders.deadline | services/shop.Orders/deadline",
                "services.a.b.c.retry.attempts | services/a.b.c/retry/attempts",
                "services.\"a.deadline\".deadline | services/a.deadline/deadline",
                "services.shop.Orders.operations.get.rate-limit.permits"
                        + " | services/shop.Orders/operations/get/rate-limit/permits",
                "services.\"x.operations.get\".level | services/x.operations.get/level",
                "services.x.operations.get.level | services/x/operations/get/level",
                "services.shop.Orders.balance.policy | services/shop.Orders/balance/policy",
                "services.shop.Orders.requires.capabilities.full-text |"
                        + " services/shop.Orders/requires/capabilities/full-text",
                "services.shop | services/shop",
                "services.\"shop.Orders\" | services/shop.Orders",
                "server.metadata.team.name | server/metadata/team.name",
                "run[0].instances | run/[0]/instances",
                "run[12].check.rise | run/[12]/check/rise",
                "faults.client[1].share | faults/client/[1]/share",
                "services.a.routing.rules[0].to[1].weight | services/a/routing/rules/[0]/to/[1]/weight",
                "app.payments.retry-max | app/payments/retry-max",
                "app.\"a.b\".c | app/a.b/c"
            })
    void keys_are_divided_by_what_the_settings_accept(String key, String steps) {
        KeyPath path = KeyPath.parse(key);
        assertThat(path.steps()).containsExactly(steps.split("/"));
        assertThat(path).hasToString(key.replace("\"", ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sever.port | did you mean server?",
                "server.prot | did you mean server.port?",
                "services.shop.Orders.retry.atempts | did you mean services.shop.Orders.retry.attempts?",
                "services.shop.Orders.deadlin | did you mean services.shop.Orders.deadline?",
                "services.shop.Orders.operations.get.levle | did you mean services.shop.Orders.operations.get.level?",
                "run.instances | this is a list; its elements are run[0] and so on",
                "services.shop.Orders | no setting has this key; accepted below services.shop: attempt-timeout",
                "zone.name | zone is one value, with nothing below it",
                "nothing.like.that | no setting has this key; accepted: app, balance",
            })
    void unknown_keys_are_refused_with_the_nearest_one(String key, String message) {
        assertThatThrownBy(() -> KeyPath.parse(key))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                ".zone",
                "zone.",
                "server..port",
                "server.\"port",
                "run[x]",
                "a]",
                "[0]",
                "services.\"\""
            })
    void what_is_no_key_is_refused(String key) {
        assertThatThrownBy(() -> KeyPath.parse(key)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> KeyPath.parse("services" + ".a".repeat(KeyPath.LENGTH_MAX)))
                .hasMessageContaining("is not a key");
    }

    @Test
    void every_value_in_effect_has_a_path() {
        var values = Settings.effective("treaty.yaml", """
            services:
              shop.Orders:
                rate-limit: {permits: 5}
                hedge: {percentile: 0.9}
                operations: {get: {deadline: 1s}}
                routing:
                  rules:
                    - {when: {operation: place}, to: [{version: "1.1"}], mirror: {to: {version: "2"}, share: 5%}}
                requires: {versions: "^1.4", capabilities: {x: "1.0"}}
            server: {limits: {rate-limit: {permits: 5}}, metadata: {team: shop}, advertise: a}
            faults: {client: [{service: a.B, share: 5%, delay: 3s}]}
            run:
              - {contract: a.B, implementation: a.C, jvm: [a]}
              - {name: a.B, address: "http://a:1"}
            app: {a: {b: [1, 2], c: [{d: e}]}}
            """, Map.of()).values();
        assertThat(values)
                .hasSizeGreaterThan(200)
                .allSatisfy(setting -> assertThat(KeyPath.parse(setting.key())).hasToString(setting.key()));
    }
}
