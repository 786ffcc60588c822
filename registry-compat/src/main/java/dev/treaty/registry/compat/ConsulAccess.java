package dev.treaty.registry.compat;

import dev.treaty.core.call.Principal;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.Authentication;
import dev.treaty.core.security.Credentials;
import dev.treaty.core.security.Decision;
import dev.treaty.registry.RegistryProtection;

/**
 * Decides about the requests of Consul's API as a registry does: who registers a service, who changes an instance, and
 * who reads. Without security each caller may do everything.
 *
 * @param onThisMachine whether only processes of this machine reach the API
 */
record ConsulAccess(RegistryProtection protection, boolean onThisMachine) {
    static final ConsulAccess OFF = new ConsulAccess(RegistryProtection.OFF, true);

    /** Thrown if a caller may not do something; Consul answers with 403. */
    static final class DeniedException extends RuntimeException {
        private static final long serialVersionUID = 1;

        DeniedException(String message) {
            super(message);
        }
    }

    private boolean enforced() {
        return protection.access().enforced();
    }

    private boolean may(Principal caller, ServiceName service, String action) {
        return !enforced()
                || protection
                        .access()
                        .authorize(caller, service.value(), action)
                        .allowed();
    }

    boolean mayRead(Principal caller, ServiceName service) {
        return may(caller, service, AccessControl.WATCH);
    }

    void requireRead(Principal caller, ServiceName service) {
        require(mayRead(caller, service), AccessControl.WATCH, service);
    }

    /** Requires that a caller may register an instance, at its address. */
    void requireRegister(Principal caller, ServiceInstance instance) {
        require(may(caller, instance.service(), AccessControl.REGISTER), AccessControl.REGISTER, instance.service());
        if (enforced()) {
            String host = instance.endpoint().host();
            protection.endpoints().refuses(host, onThisMachine).ifPresent(why -> {
                throw new IllegalArgumentException("Address " + host + " is refused: " + why);
            });
        }
    }

    /** Requires that a caller may change an instance: it has registered it. */
    void requireOwner(Principal caller, ConsulInstance instance) {
        ServiceName service = instance.instance().service();
        require(may(caller, service, AccessControl.REGISTER), AccessControl.REGISTER, service);
        if (enforced() && !instance.owner().isEmpty() && !instance.owner().equals(identity(caller))) {
            throw new DeniedException("Permission denied: another identity has registered this instance");
        }
    }

    /**
     * Requires that a caller may begin and end the maintenance of an instance: it has registered it, or operates it.
     */
    void requireMaintenance(Principal caller, ConsulInstance instance) {
        if (!may(caller, instance.instance().service(), AccessControl.DRAIN)) {
            requireOwner(caller, instance);
        }
    }

    private static void require(boolean allowed, String action, ServiceName service) {
        if (!allowed) {
            throw new DeniedException("Permission denied: token lacks " + action + " of " + service);
        }
    }

    /** Returns the most instances of one caller. */
    int instancesMax() {
        return enforced() ? protection.quotas().instances() : Integer.MAX_VALUE;
    }

    /** Returns the proven name of a caller; empty without security. */
    String identity(Principal caller) {
        return enforced() && caller.authenticated() ? caller.name() : "";
    }

    /** Returns what a server of the API asks: it lets each proven caller send requests, about which the API decides. */
    AccessControl ofServer() {
        AccessControl access = protection.access();
        return new AccessControl() {
            @Override
            public boolean enforced() {
                return access.enforced();
            }

            @Override
            public Authentication authenticate(Credentials credentials) {
                return access.authenticate(credentials);
            }

            @Override
            public Decision authorize(Principal caller, String resource, String action) {
                return resource.startsWith(ConsulApi.PREFIX) && caller.authenticated()
                        ? new Decision(true, "", "the API decides about each request")
                        : access.authorize(caller, resource, action);
            }
        };
    }
}
