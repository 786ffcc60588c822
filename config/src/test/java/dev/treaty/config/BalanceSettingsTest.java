package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.FaultPolicy.InjectedFault;
import dev.treaty.balance.LoadBalancingPolicy;
import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.balance.RoutingPolicy.Match;
import dev.treaty.balance.RoutingPolicy.Mirror;
import dev.treaty.balance.RoutingPolicy.Rule;
import dev.treaty.core.call.Code;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.contract.Version;
import dev.treaty.core.contract.VersionRange;
import dev.treaty.core.discovery.Requirement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BalanceSettingsTest {
    private static final ServiceName ORDERS = new ServiceName("shop.Orders");

    private static Settings parse(String yaml) {
        return Settings.parse("treaty.yaml", yaml, Map.of("TREATY_BALANCE_EJECTION_TIME", "7s"));
    }

    @Test
    void a_service_inherits_the_values_that_it_does_not_set() {
        Settings settings = parse("""
            balance: {subset: 20, slow-start: {window: 30s}}
            services:
              shop.Orders:
                deadline: 1s
                balance: {policy: ring-hash, hash: {argument: order.customer}, unhealthy-ratio-max: 30%}
            """);
        BalancePolicy own = settings.balance().service(ORDERS).policy();
        assertThat(own.policy()).isEqualTo(LoadBalancingPolicy.RING_HASH);
        assertThat(own.hash().argument()).contains("order.customer");
        assertThat(own.unhealthyRatioMax()).isEqualTo(0.3);
        assertThat(own.subset()).isEqualTo(20);
        assertThat(own.slowStart().window()).isEqualTo(Duration.ofSeconds(30));
        assertThat(own.ejection().time()).isEqualTo(Duration.ofSeconds(7));
        BalancePolicy other =
                settings.balance().service(new ServiceName("shop.Other")).policy();
        assertThat(other.policy()).isEqualTo(LoadBalancingPolicy.PEAK_EWMA);
        assertThat(other.subset()).isEqualTo(20);
    }

    @Test
    void routing_rules_keep_their_order() {
        Settings settings = parse("""
            services:
              shop.Orders:
                routing:
                  rules:
                    - when: {operation: place, headers: {X-Tester: "yes"}}
                      to: [{version: 1.1}]
                    - to: [{version: "1", weight: 95}, {metadata: {track: canary}, weight: 5}]
                      mirror: {to: {version: 2}, share: 10%}
            """);
        assertThat(settings.balance().service(ORDERS).routing().rules())
                .containsExactly(
                        new Rule(
                                new Match("place", "", Map.of("x-tester", "yes")),
                                List.of(new Destination("1.1", Map.of(), 100)),
                                Optional.empty()),
                        new Rule(
                                Match.DEFAULT,
                                List.of(
                                        new Destination("1", Map.of(), 95),
                                        new Destination("", Map.of("track", "canary"), 5)),
                                Optional.of(new Mirror(new Destination("2", Map.of(), 100), 0.1))));
    }

    @Test
    void requirements_are_read_for_each_service() {
        Settings settings = parse("""
            services:
              shop.Orders:
                requires: {versions: ">=1.4 <3", capabilities: {full-text-search: 1.2, gift-wrap: 0.0}}
            """);
        Requirement required =
                settings.balance().service(ORDERS).requires().over(Requirement.NONE.withCapability("audit"));
        assertThat(required.versions()).isEqualTo(VersionRange.parse(">=1.4 <3"));
        assertThat(required.capabilities())
                .isEqualTo(Map.of(
                        "audit", new Version(0, 0, 0),
                        "full-text-search", new Version(1, 2, 0),
                        "gift-wrap", new Version(0, 0, 0)));
        Requirement own = Requirement.NONE.withVersions(VersionRange.from(new Version(1, 0, 0)));
        assertThat(settings.balance()
                        .service(new ServiceName("shop.Other"))
                        .requires()
                        .over(own))
                .isEqualTo(own);
    }

    @Test
    void invalid_requirements_are_rejected() {
        assertThatThrownBy(() -> parse("""
            services:
              shop.Orders:
                requires: {versions: ">=3 <2", capabilities: {search: new}}
              shop.Payments:
                requires: {versions: "~1"}
              shop.Stock:
                requires: {capabilities: {"a b": 1.0}}
            """))
                .hasMessageContaining("services.shop.Orders.requires.versions")
                .hasMessageContaining("no version is 3.0.0 or newer and below 2.0.0")
                .hasMessageContaining("\"new\" is not a version")
                .hasMessageContaining("is not a range of versions: write ^1.4")
                .hasMessageContaining("which is not a valid name of a capability");
    }

    @Test
    void faults_are_read_for_client_and_server() {
        Settings settings = parse("""
            faults:
              client: [{service: shop.Orders, share: 5%, delay: 300ms}]
              server: [{when: {caller: storefront}, code: resource-exhausted}]
            """);
        assertThat(settings.faults().client())
                .containsExactly(new InjectedFault(
                        Optional.of(ORDERS), Match.DEFAULT, 0.05, Duration.ofMillis(300), Optional.empty()));
        assertThat(settings.faults().server())
                .containsExactly(new InjectedFault(
                        Optional.empty(),
                        new Match("", "storefront", Map.of()),
                        1,
                        Duration.ZERO,
                        Optional.of(Code.RESOURCE_EXHAUSTED)));
    }

    @Test
    void problems_are_reported_with_their_place() {
        assertThatThrownBy(() -> parse("""
            balance: {unhealthy-ratio-max: 3, policy: p2c}
            services:
              shop.Orders:
                routing: {rules: [{to: [{version: one}]}]}
            """))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("balance.policy")
                .hasMessageContaining("peak-ewma")
                .hasMessageContaining("services.shop.Orders.routing.rules[0].to[0].version")
                .hasMessageContaining("is not a version");
    }
}
