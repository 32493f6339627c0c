//! A small world of nodes that do what the plan says, and die.

use super::*;
use proto::node::Claim;

const TIMEOUT_MS: i64 = 800;

/// Nodes that follow the plan, one heartbeat each per step: who is to follow a partition restores it for one.
struct World {
    membership: Membership,
    now_ms: i64,
    nodes: BTreeMap<String, Heartbeat>,
    terms: BTreeMap<u32, u64>,
}

impl World {
    fn new(partitions: u32, standby: usize) -> World {
        World {
            membership: Membership::new(partitions, standby, TIMEOUT_MS),
            now_ms: 0,
            nodes: BTreeMap::new(),
            terms: BTreeMap::new(),
        }
    }

    fn join(&mut self, node: &str) {
        let hello = Heartbeat {
            node: node.to_owned(),
            address: format!("{node}:1"),
            ..Heartbeat::default()
        };
        self.nodes.insert(node.to_owned(), hello);
    }

    /// Every node speaks once, and then does what the plan asks of it.
    fn step(&mut self) {
        self.now_ms += 200;
        for node in self.nodes.keys().cloned().collect::<Vec<_>>() {
            let notice = self.nodes[&node].clone();
            self.membership.hear(self.now_ms, notice);
            self.act(&node);
        }
    }

    fn act(&mut self, node: &str) {
        let plan = self.membership.plan();
        let mut notice = self.nodes[node].clone();
        for partition in PartitionId::all(self.membership.partitions) {
            let number = partition.number();
            let is_mine = plan
                .leads
                .get(&partition)
                .is_some_and(|leader| leader == node);
            let leads = notice.leads.iter().any(|claim| claim.partition == number);
            let leader = self.membership.leader(partition);
            let is_led_elsewhere = leader.as_ref().is_some_and(|leader| leader.node != node);
            notice
                .leads
                .retain(|claim| claim.partition != number || !is_led_elsewhere);
            for claim in &mut notice.leads {
                if claim.partition == number {
                    claim.ceded = !is_mine;
                }
            }
            if is_mine && !leads && leader.is_none_or(|leader| leader.is_ceded) {
                let term = self.terms.entry(number).or_default();
                *term += 1;
                notice.leads.push(Claim {
                    partition: number,
                    term: *term,
                    ..Claim::default()
                });
                notice.follows.retain(|followed| *followed != number);
            }
            let follows = plan.follows.contains(&(partition, node.to_owned()));
            let is_leading = notice.leads.iter().any(|claim| claim.partition == number);
            let is_restored = notice.restores.contains(&number);
            notice.restores.retain(|restored| *restored != number);
            if (follows || is_mine) && !is_leading && !notice.follows.contains(&number) {
                match is_restored {
                    true => notice.follows.push(number),
                    false => notice.restores.push(number),
                }
            }
        }
        self.nodes.insert(node.to_owned(), notice);
    }

    fn settle(&mut self) {
        for _ in 0..100 {
            self.step();
        }
    }

    fn led(&self) -> BTreeMap<String, usize> {
        let mut led = BTreeMap::new();
        for partition in PartitionId::all(self.membership.partitions) {
            let leader = self
                .membership
                .leader(partition)
                .expect("every partition is led");
            *led.entry(leader.node).or_default() += 1;
        }
        led
    }
}

#[test]
fn nodes_that_start_together_share_the_partitions() {
    let mut world = World::new(12, 1);
    for node in ["a", "b", "c"] {
        world.join(node);
    }
    world.settle();
    assert_eq!(world.led().into_values().collect::<Vec<_>>(), [4, 4, 4]);
    let plan = world.membership.plan();
    for partition in PartitionId::all(12) {
        let followers = plan
            .follows
            .iter()
            .filter(|(followed, _)| *followed == partition);
        let followers = followers.map(|(_, node)| node).collect::<Vec<_>>();
        assert_eq!(followers.len(), 1, "{partition}");
        assert_ne!(followers[0], &plan.leads[&partition]);
    }
}

#[test]
fn a_dead_leader_is_replaced_by_its_follower_once_its_time_is_over() {
    let mut world = World::new(6, 1);
    for node in ["a", "b", "c"] {
        world.join(node);
    }
    world.settle();
    let before = world.membership.plan();
    world.nodes.remove("a");
    let followers = before
        .follows
        .iter()
        .filter(|(partition, _)| before.leads[partition] == "a");
    let followers = followers.cloned().collect::<BTreeMap<_, _>>();
    assert!(!followers.is_empty());
    // Silent for less than the time-out: nothing changes.
    world.step();
    assert_eq!(world.membership.plan().leads, before.leads);
    for _ in 0..5 {
        world.step();
    }
    for (partition, follower) in followers {
        let leader = world.membership.leader(partition).expect("led again");
        assert_eq!(leader.node, follower);
        assert_eq!(leader.term, 2);
    }
}

#[test]
fn a_node_that_joins_gets_its_share_one_by_one_and_only_what_it_follows() {
    (0..=2).for_each(gets_its_share);
}

fn gets_its_share(standby: usize) {
    let mut world = World::new(9, standby);
    world.join("a");
    world.join("b");
    world.settle();
    world.join("c");
    for _ in 0..100 {
        let before = world.membership.plan().leads;
        world.step();
        let ceded = |id| world.membership.leader(id).expect("it is led").is_ceded;
        let ceded = PartitionId::all(9).filter(|id| ceded(*id));
        assert!(ceded.count() <= 1, "one at a time");
        let plan = world.membership.plan();
        for (partition, node) in &plan.leads {
            let is_new = before.get(partition) != Some(node);
            assert!(
                !is_new || world.membership.warmth(node, *partition) == Warmth::Follows,
                "{partition} moves to {node}, which does not follow it"
            );
        }
    }
    assert_eq!(world.led().into_values().collect::<Vec<_>>(), [3, 3, 3]);
}

#[test]
fn a_node_that_leaves_is_relieved_of_everything() {
    for standby in [0, 1] {
        let mut world = World::new(5, standby);
        world.join("a");
        world.join("b");
        world.settle();
        world.nodes.get_mut("a").expect("is there").leaving = true;
        world.settle();
        assert_eq!(world.led(), BTreeMap::from([("b".to_owned(), 5)]));
    }
}

#[test]
fn of_two_claims_the_higher_term_counts() {
    let mut membership = Membership::new(1, 1, TIMEOUT_MS);
    let claim = |node: &str, term| Heartbeat {
        node: node.to_owned(),
        leads: vec![Claim {
            partition: 1,
            term,
            ..Claim::default()
        }],
        ..Heartbeat::default()
    };
    membership.hear(1_000, claim("zombie", 3));
    membership.hear(1_000, claim("leader", 4));
    membership.hear(1_000, claim("zombie", 3));
    let leader = membership.leader(PartitionId::FIRST).expect("led");
    assert_eq!((leader.node.as_str(), leader.term), ("leader", 4));
}

#[test]
fn who_is_about_to_lead_is_left_alone() {
    let mut membership = Membership::new(1, 1, TIMEOUT_MS);
    let mut taking = Heartbeat {
        node: "taking".to_owned(),
        takes_over: vec![1],
        ..Heartbeat::default()
    };
    let follower = Heartbeat {
        node: "follower".to_owned(),
        follows: vec![1],
        ..Heartbeat::default()
    };
    membership.hear(0, taking.clone());
    membership.hear(0, follower.clone());
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "taking");
    // It gave up.
    taking.takes_over.clear();
    membership.hear(10, taking);
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "follower");
}

#[test]
fn a_partition_moves_to_who_is_about_to_lead_it() {
    let mut membership = Membership::new(2, 1, TIMEOUT_MS);
    let claim = |partition, ceded| Claim {
        partition,
        term: 1,
        ceded,
        ..Claim::default()
    };
    let from = |ceded| Heartbeat {
        node: "from".to_owned(),
        leads: vec![claim(1, ceded), claim(2, false)],
        ..Heartbeat::default()
    };
    let mut to = Heartbeat {
        node: "to".to_owned(),
        follows: vec![1],
        ..Heartbeat::default()
    };
    membership.hear(0, from(false));
    to.restores = vec![2];
    membership.hear(0, to.clone());
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "from");
    to.restores.clear();
    membership.hear(0, to.clone());
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "to");
    // Now that it is under way, another restore does not hold it up.
    membership.hear(0, from(true));
    to.restores = vec![2];
    membership.hear(0, to.clone());
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "to");
    to.restores.clear();
    // The other one becomes warm as well: it does not move instead, whatever lots they draw.
    membership.hear(0, from(true));
    to.follows = vec![1, 2];
    membership.hear(0, to.clone());
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "to");
    (to.follows, to.takes_over) = (vec![2], vec![1]);
    membership.hear(0, to.clone());
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "to");
    // It could not: the old leader goes on.
    (to.takes_over, to.unable) = (vec![], vec![1]);
    membership.hear(0, to);
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "from");
}

#[test]
fn nothing_moves_to_who_could_not_lead() {
    let mut membership = Membership::new(1, 1, TIMEOUT_MS);
    let leaving = Heartbeat {
        node: "leaving".to_owned(),
        leads: vec![Claim {
            partition: 1,
            term: 1,
            ..Claim::default()
        }],
        leaving: true,
        ..Heartbeat::default()
    };
    let node = |node: &str, unable: Vec<u32>| Heartbeat {
        node: node.to_owned(),
        follows: vec![1],
        unable,
        ..Heartbeat::default()
    };
    membership.hear(0, leaving);
    for (a, b, to) in [(vec![2], vec![], "b"), (vec![], vec![2], "a")] {
        membership.hear(0, node("a", a));
        membership.hear(0, node("b", b));
        assert_eq!(membership.plan().leads[&PartitionId::FIRST], to);
    }
}

#[test]
fn who_could_not_lead_is_not_asked_first() {
    let mut membership = Membership::new(1, 1, TIMEOUT_MS);
    let node = |node: &str, follows: Vec<u32>, unable: Vec<u32>| Heartbeat {
        node: node.to_owned(),
        follows,
        unable,
        ..Heartbeat::default()
    };
    membership.hear(0, node("a", vec![1], vec![1]));
    membership.hear(0, node("b", vec![], vec![]));
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "b");
    // Better than nobody.
    let mut gone = node("b", vec![], vec![]);
    gone.gone = true;
    membership.hear(0, gone);
    assert_eq!(membership.plan().leads[&PartitionId::FIRST], "a");
}
