package dev.treaty.registry;

import dev.treaty.core.security.AccessControl;

/**
 * How a registry that is served protects itself from those that call it.
 *
 * @param access decides who may register, publish, watch, drain and change settings; see {@link
 *     AccessControl#authorize} for what it is asked
 * @param quotas what one identity may hold
 * @param endpoints the hosts that instances may have
 */
public record RegistryProtection(AccessControl access, RegistryQuotas quotas, EndpointPolicy endpoints) {
    /** No protection: each caller may do everything, with instances of any address. */
    public static final RegistryProtection OFF =
            new RegistryProtection(AccessControl.OFF, RegistryQuotas.DEFAULT, EndpointPolicy.DEFAULT);
}
