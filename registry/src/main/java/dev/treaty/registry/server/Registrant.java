package dev.treaty.registry.server;

import dev.treaty.registry.RegistryQuotas;

/**
 * Who changes an instance or publishes a contract.
 *
 * @param token the token of the lease; empty if there is none
 * @param identity the proven name of the caller; empty if its name is not proven
 * @param checked whether the identity has to be that of the lease, besides the token; false while security is off
 * @param quotas what the identity may hold, if it is checked
 */
record Registrant(String token, String identity, boolean checked, RegistryQuotas quotas) {
    /** One that its token alone identifies. */
    static Registrant of(String token) {
        return new Registrant(token, "", false, RegistryQuotas.DEFAULT);
    }
}
