package dev.treaty.config;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.ServiceName;
import java.util.Map;

/**
 * The settings of load balancing: how calls are distributed over the instances of services.
 *
 * @param defaults for services without settings of their own
 * @param services what differs for single services
 */
public record BalanceSettings(BalancePolicy defaults, Map<ServiceName, OfService> services) {
    /** The default policy for all services. */
    public static final BalanceSettings DEFAULT = new BalanceSettings(BalancePolicy.DEFAULT, Map.of());

    /**
     * How calls to one service are distributed.
     *
     * @param policy how an instance is selected
     * @param routing which instances are eligible for a call
     * @param requires which instances are eligible for any call
     */
    public record OfService(
            @Description("How calls to this service are balanced over its instances.")
            BalancePolicy policy,

            @Description("Which instances a call may go to.")
            RoutingPolicy routing,

            @Description("Which instances are called at all.")
            RequirementSettings requires) {
        static OfService of(BalancePolicy policy) {
            return new OfService(policy, RoutingPolicy.DEFAULT, RequirementSettings.DEFAULT);
        }
    }

    /** Copies the map. */
    public BalanceSettings {
        services = Map.copyOf(services);
    }

    /** Returns the settings of a service. */
    public OfService service(ServiceName service) {
        return services.getOrDefault(service, OfService.of(defaults));
    }
}
