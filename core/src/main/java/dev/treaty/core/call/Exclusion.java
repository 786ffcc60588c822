package dev.treaty.core.call;

/**
 * Why one instance was not among those that could get a call.
 *
 * @param instance the id of the instance
 * @param reason the one word for it
 * @param detail what more there is to say, in a few words; may be empty
 */
public record Exclusion(String instance, Reason reason, String detail) {
    /** Why an instance gets no calls, or fewer than others. */
    public enum Reason {
        /** It says itself that it cannot answer. */
        UNHEALTHY("critical"),
        /** It ends what it has begun and takes no new calls. */
        DRAINING("draining"),
        /** What it promises is not what the caller was built for. */
        INCOMPATIBLE_CONTRACT("incompatible contract"),
        /** It does not offer what the caller asks for. */
        MISSING_CAPABILITY("missing capability"),
        /** Its circuit breaker is open. */
        BREAKER_OPEN("breaker open"),
        /** It does worse than the others. */
        EJECTED("ejected"),
        /** It is being tried, with one call at a time. */
        ON_TRIAL("trial under way"),
        /** It has just started or come back and gets a growing share. */
        COLD("cold"),
        /** It runs elsewhere, and there are enough of them near. */
        WRONG_ZONE("wrong zone"),
        /** Other clients call it; this one has a subset of its own. */
        NOT_IN_SUBSET("not in the subset"),
        /** The routing rule for this call does not lead there. */
        NOT_ROUTED("not routed"),
        /** As many calls as there may be connections are under way there. */
        CONNECTION_LIMIT("at the connection limit");

        private final String words;

        Reason(String words) {
            this.words = words;
        }

        /** As it is told to people. */
        public String words() {
            return words;
        }
    }

    /** That reason and nothing more to say. */
    public static Exclusion of(String instance, Reason reason) {
        return new Exclusion(instance, reason, "");
    }

    /** The reason as it is told to people: {@code breaker open}, {@code ejected: 40 % of 120 calls failed}. */
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
