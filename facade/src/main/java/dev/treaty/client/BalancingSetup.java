package dev.treaty.client;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.Locality;
import dev.treaty.balance.RoutingPolicy;

/**
 * How calls to one service are balanced.
 *
 * @param policy how calls are distributed
 * @param routing which instances a call may be sent to
 * @param location the location of this process
 * @param connectionsMax the maximum number of calls in flight at one instance
 */
record BalancingSetup(BalancePolicy policy, RoutingPolicy routing, Locality location, int connectionsMax) {}
