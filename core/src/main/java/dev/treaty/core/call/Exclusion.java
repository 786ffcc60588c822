package dev.treaty.core.call;

/**
 * Why an instance was excluded from the candidates for a call, or got a smaller share.
 *
 * @param instance the id of the instance
 * @param reason the kind of reason
 * @param detail further information, in a few words; may be empty
 */
public record Exclusion(String instance, Reason reason, String detail) {
    /** The kind of reason for which an instance was excluded or got a smaller share. */
    public enum Reason {
        /** It reports that it cannot serve calls. */
        UNHEALTHY("critical"),
        /** It completes running calls and accepts no new ones. */
        DRAINING("draining"),
        /** Its contract is not compatible with that of the client. */
        INCOMPATIBLE_CONTRACT("incompatible contract"),
        /** It does not offer a capability that the client requires. */
        MISSING_CAPABILITY("missing capability"),
        /** Its circuit breaker is open. */
        BREAKER_OPEN("breaker open"),
        /** An operator has forced its circuit breaker open: it gets no calls, also if no other instance is left. */
        BREAKER_FORCED_OPEN("breaker forced open"),
        /** Its error rate or latency is worse than that of the others. */
        EJECTED("ejected"),
        /** It was ejected or its breaker was open, and one trial call at a time tests whether it has recovered. */
        ON_TRIAL("trial under way"),
        /** It has just started or recovered, and its share grows slowly. */
        COLD("cold"),
        /** It runs in another zone, and enough instances are local. */
        WRONG_ZONE("wrong zone"),
        /** It is not in the subset of instances that this client calls. */
        NOT_IN_SUBSET("not in the subset"),
        /** The routing rule for this call selects other instances. */
        NOT_ROUTED("not routed"),
        /** Its in-flight calls use all connections that it may have. */
        CONNECTION_LIMIT("at the connection limit");

        private final String words;

        Reason(String words) {
            this.words = words;
        }

        /** The reason as text. */
        public String words() {
            return words;
        }
    }

    /** An exclusion without detail. */
    public static Exclusion of(String instance, Reason reason) {
        return new Exclusion(instance, reason, "");
    }

    /** The reason and detail as text: {@code breaker open}, {@code ejected: 40 % of 120 calls failed}. */
    public String why() {
        if (reason == Reason.MISSING_CAPABILITY && !detail.isEmpty()) {
            return detail; // it names the capability
        }
        return detail.isEmpty() ? reason.words() : reason.words() + ": " + detail;
    }

    @Override
    public String toString() {
        return instance + " (" + why() + ")";
    }
}
