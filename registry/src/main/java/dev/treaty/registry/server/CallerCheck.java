package dev.treaty.registry.server;

import dev.treaty.core.call.CallContext;
import dev.treaty.core.call.Code;
import dev.treaty.core.call.Principal;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceEndpoint;
import dev.treaty.core.security.Decision;
import dev.treaty.core.text.PrintableText;
import dev.treaty.registry.RegistryProtection;
import dev.treaty.registry.RegistryProtocol;
import java.net.InetAddress;

/** Checks what the caller of a registry may do. Without security it may do everything. */
final class CallerCheck {
    private static final ServiceName REGISTRY = new ServiceName(RegistryProtocol.NAME);

    private final RegistryProtection protection;

    CallerCheck(RegistryProtection protection) {
        this.protection = protection;
    }

    boolean enforced() {
        return protection.access().enforced();
    }

    /** The caller; an anonymous one, which is denied, if there is no context of a call. */
    private static Principal caller() {
        return CallContext.current().map(CallContext::caller).orElse(Principal.ANONYMOUS);
    }

    boolean may(ServiceName service, String action) {
        return !enforced() || decision(service, action).allowed();
    }

    private Decision decision(ServiceName service, String action) {
        return protection.access().authorize(caller(), service.value(), action);
    }

    /** @throws ServiceException if the caller may not do that */
    void require(ServiceName service, String action) {
        if (enforced()) {
            Decision decision = decision(service, action);
            if (!decision.allowed()) {
                throw new ServiceException(
                        Code.PERMISSION_DENIED, name(caller()) + " may not " + action + " of " + service);
            }
        }
    }

    /** @throws ServiceException if the caller may not do that with the registry as a whole */
    void requireOfRegistry(String action) {
        require(REGISTRY, action);
    }

    private static String name(Principal caller) {
        return caller.authenticated()
                ? PrintableText.line(caller.name(), ServiceName.LENGTH_MAX)
                : "an anonymous caller";
    }

    /** Returns who changes an instance. */
    Registrant registrant(String token) {
        return new Registrant(token, identity(), enforced(), protection.quotas());
    }

    /** The proven name of the caller; empty if its name is not proven. */
    private static String identity() {
        Principal caller = caller();
        return caller.authenticated() ? caller.name() : "";
    }

    /** Returns a name that a caller has chosen for itself, so that others cannot use it. */
    String own(String name) {
        return enforced() && !name.isEmpty() ? identity() + '\n' + name : name;
    }

    /** @throws ServiceException if no instance may have that endpoint */
    void checkEndpoint(String id, ServiceEndpoint endpoint) {
        if (enforced()) {
            boolean onThisMachine = CallContext.current()
                    .flatMap(CallContext::clientAddress)
                    .filter(InetAddress::isLoopbackAddress)
                    .isPresent();
            protection.endpoints().refuses(endpoint.host(), onThisMachine).ifPresent(why -> {
                throw Requests.invalid("instance " + id + " cannot have the host " + endpoint.host() + ": " + why);
            });
        }
    }
}
