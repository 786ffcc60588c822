import dev.treaty.core.call.Principal;
import dev.treaty.core.security.AccessControl;
import dev.treaty.core.security.Decision;

class SecurityExample {
    void check(AccessControl access, Principal caller) {
        // @start region="access"
        Decision decision = access.authorize(caller, "shop.Orders", "place");
        if (!decision.allowed()) {
            System.out.println(decision.reason()); // such as: no rule allows it
        }
        // @end
    }
}
