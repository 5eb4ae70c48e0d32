//! Which connection is closed to make room for which.

use super::*;

fn connections(in_all: usize, per_address: usize) -> Connections {
    Connections::new(Bounds {
        in_all,
        per_address,
        proxies: "198.51.100.0/24".parse().unwrap(),
        behind_proxies: false,
    })
}

fn at(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

fn was_ended(seat: &Seat) -> bool {
    seat.0.end.is_cancelled()
}

#[test]
fn one_too_many_of_an_address_takes_the_place_of_its_oldest_idle_one() {
    let (connections, taken) = (connections(100, 3), WriteProgress::default());
    let [first, second, third] = [(); 3].map(|()| connections.take(at(1)).unwrap());
    // The first answers a request meanwhile, so the second has been idle for longest.
    drop(first.begin(&taken));
    let busy = third.begin(&taken);
    let fourth = connections.take(at(1)).unwrap();
    assert_eq!(
        [&first, &second, &third].map(was_ended),
        [false, true, false]
    );
    let _fifth = connections.take(at(1)).unwrap();
    assert!(was_ended(&first) && !was_ended(&fourth));
    third.mark_known(Uuid::from_u128(3));
    let sixth = connections.take(at(1)).unwrap();
    let sixth_busy = sixth.begin(&taken);
    let seventh = connections.take(at(1)).unwrap();
    // The busy anonymous connection has been open for longer than the new one.
    let eighth = connections.take(at(1)).unwrap();
    assert_eq!(
        [&third, &sixth, &seventh].map(was_ended),
        [false, true, false]
    );
    let _busy = [busy, sixth_busy, seventh.begin(&taken)];
    let _busy = eighth.begin(&taken);
    seventh.mark_known(Uuid::from_u128(7));
    eighth.mark_known(Uuid::from_u128(8));
    assert!(connections.take(at(1)).is_none(), "all of them are known");
    assert!(connections.take(at(2)).is_some(), "others have their own");
}

#[test]
fn a_proxy_is_not_counted_and_neighbours_of_one_network_are() {
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
fn all_together_the_oldest_idle_one_goes_whosever_it_is() {
    let (connections, taken) = (connections(3, 3), WriteProgress::default());
    let first = connections.take(at(1)).unwrap();
    let _busy = first.begin(&taken);
    let second = connections.take(at(2)).unwrap();
    let _third = connections.take(at(3)).unwrap();
    let _fourth = connections.take(at(4)).unwrap();
    assert!(!was_ended(&first) && was_ended(&second));
    assert!(first.idle().is_none());
}

#[test]
fn when_all_places_are_taken_the_address_that_holds_most_gives_one_up() {
    let (connections, taken) = (connections(10, 8), WriteProgress::default());
    let mine = connections.take(at(1)).unwrap();
    let _idle = connections.take(at(1)).unwrap();
    let flood: Vec<Seat> = (0..8).filter_map(|_| connections.take(at(2))).collect();
    let _busy: Vec<Busy> = flood.iter().map(|seat| seat.begin(&taken)).collect();
    flood[0].mark_known(Uuid::from_u128(1));
    let others: Vec<Seat> = (3..6)
        .filter_map(|last| connections.take(at(last)))
        .collect();
    let ended = |seats: &[Seat]| seats.iter().filter(|seat| was_ended(seat)).count();
    assert_eq!((others.len(), ended(&others), ended(&flood)), (3, 0, 3));
    assert!(!was_ended(&flood[0]) && !was_ended(&mine));
    // The address may still open as many as before, one in place of another.
    let _more = connections.take(at(2)).unwrap();
    assert_eq!((ended(&others), ended(&flood)), (0, 4));
}

#[test]
fn one_member_does_not_hold_every_place() {
    let (connections, taken) = (connections(20, 20), WriteProgress::default());
    let mine: Vec<Seat> = (0..20).filter_map(|_| connections.take(at(1))).collect();
    let _busy: Vec<Busy> = mine.iter().map(|seat| seat.begin(&taken)).collect();
    for seat in &mine {
        seat.mark_known(Uuid::from_u128(1));
        seat.mark_known(Uuid::from_u128(1));
    }
    let others: Vec<Seat> = (2..8)
        .filter_map(|last| connections.take(at(last)))
        .collect();
    assert_eq!(others.len(), 6);
    let ended = mine.iter().map(was_ended);
    assert_eq!(ended.filter(|ended| *ended).count(), 4);
    assert!(mine[..4].iter().all(was_ended));
    assert_eq!(others.iter().filter(|seat| was_ended(seat)).count(), 2);
}

#[test]
fn whoever_has_left_is_forgotten() {
    let (connections, taken) = (connections(2, 2), WriteProgress::default());
    for _ in 0..10 {
        let seat = connections.take(at(1)).unwrap();
        let busy = seat.begin(&taken);
        seat.mark_known(Uuid::from_u128(1));
        drop((seat, busy));
    }
    let state = connections.state();
    assert!(state.seats.is_empty() && state.networks.is_empty() && state.idle.is_empty());
    assert!(state.sizes.is_empty() && state.known.is_empty());
}
