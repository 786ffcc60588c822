package dev.treaty.config;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.core.contract.ServiceName;
import java.util.Map;

/**
 * How calls are spread over the instances of services.
 *
 * @param defaults for every service that has nothing of its own
 * @param services what differs for single services
 */
public record BalanceSettings(BalancePolicy defaults, Map<ServiceName, OfService> services) {
    /** The defaults for all. */
    public static final BalanceSettings DEFAULT = new BalanceSettings(BalancePolicy.DEFAULT, Map.of());

    /**
     * How the calls to one service are spread.
     *
     * @param policy how an instance is picked
     * @param routing which instances a call may be for
     * @param requires what they have to be to be called at all
     */
    public record OfService(BalancePolicy policy, RoutingPolicy routing, RequirementSettings requires) {}

    /** Copies the map. */
    public BalanceSettings {
        services = Map.copyOf(services);
    }

    /** What holds for that service. */
    public OfService service(ServiceName service) {
        OfService own = services.get(service);
        return own == null ? new OfService(defaults, RoutingPolicy.DEFAULT, RequirementSettings.DEFAULT) : own;
    }
}
