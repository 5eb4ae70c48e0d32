//! Which connection is closed to make room for a new one.

use super::*;

fn connections(in_all: usize, per_address: usize) -> Connections {
    Connections::new(Bounds {
        in_all,
        per_address,
        proxies: "198.51.100.0/24".parse().unwrap(),
        behind_proxies: false,
    })
}

fn address(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

fn was_ended(seat: &Seat) -> bool {
    seat.0.end.is_cancelled()
}

#[test]
fn an_address_above_its_limit_loses_its_oldest_idle_connection() {
    let (connections, progress) = (connections(100, 3), WriteProgress::default());
    let [first, second, third] = [(); 3].map(|()| connections.take(address(1)).unwrap());
    // The first has answered a request since, so the second has been idle for longest.
    drop(first.begin(&progress));
    let busy = third.begin(&progress);
    let fourth = connections.take(address(1)).unwrap();
    assert_eq!(
        [&first, &second, &third].map(was_ended),
        [false, true, false]
    );
    let _fifth = connections.take(address(1)).unwrap();
    assert!(was_ended(&first) && !was_ended(&fourth));
    third.mark_known(Uuid::from_u128(3));
    let sixth = connections.take(address(1)).unwrap();
    let sixth_busy = sixth.begin(&progress);
    let seventh = connections.take(address(1)).unwrap();
    // The busy anonymous connection has been open for longer than the new one.
    let eighth = connections.take(address(1)).unwrap();
    assert_eq!(
        [&third, &sixth, &seventh].map(was_ended),
        [false, true, false]
    );
    let _busy = [busy, sixth_busy, seventh.begin(&progress)];
    let _busy = eighth.begin(&progress);
    seventh.mark_known(Uuid::from_u128(7));
    eighth.mark_known(Uuid::from_u128(8));
    assert!(
        connections.take(address(1)).is_none(),
        "all of them are known"
    );
    assert!(
        connections.take(address(2)).is_some(),
        "others have their own"
    );
}

#[test]
fn proxies_are_exempt_and_addresses_of_one_network_count_together() {
    let connections = connections(100, 2);
    let proxy = IpAddr::from([198, 51, 100, 7]);
    let seats: Vec<Seat> = (0..50).filter_map(|_| connections.take(proxy)).collect();
    assert!(seats.len() == 50 && !seats.iter().any(was_ended));
    let neighbours = ["2001:db8::1", "2001:db8::2", "2001:db8::3"];
    let seats = neighbours.map(|one| connections.take(one.parse().unwrap()).unwrap());
    assert_eq!(
        [0, 1, 2].map(|one| was_ended(&seats[one])),
        [true, false, false]
    );
}

#[test]
fn among_equal_addresses_the_oldest_idle_connection_is_closed() {
    let (connections, progress) = (connections(3, 3), WriteProgress::default());
    let first = connections.take(address(1)).unwrap();
    let _busy = first.begin(&progress);
    let second = connections.take(address(2)).unwrap();
    let _third = connections.take(address(3)).unwrap();
    let _fourth = connections.take(address(4)).unwrap();
    assert!(!was_ended(&first) && was_ended(&second));
    assert!(first.idle().is_none());
}

#[test]
fn at_the_total_limit_the_address_with_most_connections_loses_one() {
    let (connections, progress) = (connections(10, 8), WriteProgress::default());
    let mine = connections.take(address(1)).unwrap();
    let _idle = connections.take(address(1)).unwrap();
    let flood: Vec<Seat> = (0..8)
        .filter_map(|_| connections.take(address(2)))
        .collect();
    let _busy: Vec<Busy> = flood.iter().map(|seat| seat.begin(&progress)).collect();
    flood[0].mark_known(Uuid::from_u128(1));
    let others: Vec<Seat> = (3..6)
        .filter_map(|last| connections.take(address(last)))
        .collect();
    let ended = |seats: &[Seat]| seats.iter().filter(|seat| was_ended(seat)).count();
    assert_eq!((others.len(), ended(&others), ended(&flood)), (3, 0, 3));
    assert!(!was_ended(&flood[0]) && !was_ended(&mine));
    // The address may still open new connections, each in place of one of its own.
    let _more = connections.take(address(2)).unwrap();
    assert_eq!((ended(&others), ended(&flood)), (0, 4));
}

#[test]
fn one_member_cannot_hold_every_connection() {
    let (connections, progress) = (connections(20, 20), WriteProgress::default());
    let mine: Vec<Seat> = (0..20)
        .filter_map(|_| connections.take(address(1)))
        .collect();
    let _busy: Vec<Busy> = mine.iter().map(|seat| seat.begin(&progress)).collect();
    for seat in &mine {
        seat.mark_known(Uuid::from_u128(1));
        seat.mark_known(Uuid::from_u128(1));
    }
    let others: Vec<Seat> = (2..8)
        .filter_map(|last| connections.take(address(last)))
        .collect();
    assert_eq!(others.len(), 6);
    let ended = mine.iter().map(was_ended);
    assert_eq!(ended.filter(|ended| *ended).count(), 4);
    assert!(mine[..4].iter().all(was_ended));
    assert_eq!(others.iter().filter(|seat| was_ended(seat)).count(), 2);
}

#[test]
fn closed_connections_leave_no_state() {
    let (connections, progress) = (connections(2, 2), WriteProgress::default());
    for _ in 0..10 {
        let seat = connections.take(address(1)).unwrap();
        let busy = seat.begin(&progress);
        seat.mark_known(Uuid::from_u128(1));
        drop((seat, busy));
    }
    let state = connections.state();
    assert!(state.seats.is_empty() && state.networks.is_empty() && state.idle.is_empty());
    assert!(state.sizes.is_empty() && state.known.is_empty());
}
