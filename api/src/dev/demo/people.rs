//! The people of the demonstration and their meetings. All are made up.

/// A person of the community.
pub(super) struct Person {
    pub handle: &'static str,
    pub country: &'static str,
    pub zone: &'static str,
    pub bio: &'static str,
    /// The first topic of the profile, the stance to it, and who may see it.
    pub topic: &'static str,
    pub stance: &'static str,
    pub visibility: &'static str,
    pub context: &'static str,
}

impl Person {
    /// The e-mail address, which nobody reads.
    pub fn email(&self) -> String {
        format!("{}@example.org", self.handle.to_lowercase())
    }
}

/// Countries and time zones, most of them the same, as in real communities.
const PLACES: [(&str, &str); 12] = [
    ("GB", "Europe/London"),
    ("GB", "Europe/London"),
    ("GB", "Europe/London"),
    ("GB", "Europe/London"),
    ("IE", "Europe/Dublin"),
    ("DE", "Europe/Berlin"),
    ("US", "America/New_York"),
    ("GB", "Europe/London"),
    ("GB", "Europe/London"),
    ("AU", "Australia/Sydney"),
    ("GB", "Europe/London"),
    ("NZ", "Pacific/Auckland"),
];

const HANDLES: [&str; 60] = [
    "Mike",
    "Tomasz",
    "OldOak",
    "DaveT",
    "Kelvin",
    "Northbound",
    "Ruairi",
    "Sanjay",
    "Cal",
    "Ferro",
    "Hamish",
    "BigJon",
    "Idris",
    "Leo",
    "Marlow",
    "Nkechi_Dad",
    "Ollie",
    "Patch",
    "Quill",
    "Rafa",
    "Stan",
    "Theo",
    "Umar",
    "Vic",
    "Wes",
    "Xander",
    "Yusuf",
    "Zeb",
    "Anton",
    "Bram",
    "Corvin",
    "Dmitri",
    "Eamon",
    "Finn",
    "Gethin",
    "Hugo",
    "Ivo",
    "Jonah",
    "Kofi",
    "Lorcan",
    "Mateo",
    "Niall",
    "Otis",
    "Piran",
    "Quentin",
    "Rhys",
    "Silas",
    "Tariq",
    "Ulf",
    "Viktor",
    "Wilf",
    "Yann",
    "Zoltan",
    "Alun",
    "Bertie",
    "Cedric",
    "Dougal",
    "Evander",
    "Fabian",
    "Gruff",
];

const BIOS: [&str; 12] = [
    "Scaffolder, two boys, a dog that runs the house.",
    "Night shifts. I am awake when you are not, so write any time.",
    "Was in the army. Now I bake bread, which nobody saw coming.",
    "Better at listening than at talking. Working on the second one.",
    "Long-distance lorries, longer podcasts.",
    "Teacher. I ask too many questions, tell me when to stop.",
    "Widower. I walk a lot. Company is welcome.",
    "New to town, looking for people to have a coffee with.",
    "IT by day, allotment by evening. Come for the tomatoes.",
    "Stay-at-home dad of three. Conversations may be interrupted.",
    "Retired early, which was not the plan. Finding the next one.",
    "Sober and glad of it. Ask me anything, I will answer what I can.",
];

const TOPICS: [&str; 12] = [
    "work_stress",
    "anxiety",
    "grief",
    "depression",
    "separation",
    "fatherhood",
    "addiction",
    "loneliness",
    "leaving_forces",
    "job_loss",
    "chronic_illness",
    "anger",
];

const CONTEXTS: [&str; 8] = [
    "father",
    "shift_worker",
    "veteran",
    "single",
    "self_employed",
    "working",
    "widowed",
    "retired",
];

/// Returns the sixty people.
pub(super) fn people() -> impl Iterator<Item = Person> {
    HANDLES.into_iter().enumerate().map(|(n, handle)| {
        let (country, zone) = PLACES[n % PLACES.len()];
        // Each list has its own stride, so that no two lists repeat together.
        Person {
            handle,
            country,
            zone,
            bio: BIOS[n * 5 % BIOS.len()],
            topic: TOPICS[n * 7 % TOPICS.len()],
            stance: ["LIVING_WITH", "WORKING_THROUGH", "COME_THROUGH"][n % 3],
            visibility: ["CIRCLES", "MEMBERS", "PRIVATE", "PARTNERS"][n % 4],
            context: CONTEXTS[n * 3 % CONTEXTS.len()],
        }
    })
}

/// A circle and its meeting this week.
pub(super) struct Gathering {
    pub name: &'static str,
    pub purpose: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    /// Days from today, and the local time in London.
    pub when: (u64, &'static str),
    pub capacity: Option<i32>,
    pub online: bool,
}

/// The six circles.
pub(super) const GATHERINGS: [Gathering; 6] = [
    Gathering {
        name: "Kettle On",
        purpose: "A quiet round once a week. Come as you are; nobody has to talk.",
        title: "Kettle On: how was your week?",
        description: "A round, a question, and time to listen. Kettle on from half past six.",
        when: (1, "19:00"),
        capacity: Some(12),
        online: false,
    },
    Gathering {
        name: "New Dads",
        purpose: "Sleep, or the want of it, and everything else nobody told us.",
        title: "New Dads: the first year",
        description: "Babies welcome, cameras optional.",
        when: (2, "20:30"),
        capacity: None,
        online: true,
    },
    Gathering {
        name: "After the Forces",
        purpose: "For those who have served, wherever and whenever.",
        title: "Brew and talk",
        description: "A mug, a table, and people who do not need it explained.",
        when: (3, "18:30"),
        capacity: Some(10),
        online: false,
    },
    Gathering {
        name: "Steady",
        purpose: "Living with anxiety: what helps on an ordinary day.",
        title: "Steady: one thing that helped",
        description: "Each of us brings one small thing that made a day easier.",
        when: (4, "19:30"),
        capacity: Some(15),
        online: true,
    },
    Gathering {
        name: "Empty Chair",
        purpose: "For men who have somebody missing.",
        title: "Empty Chair: names and stories",
        description: "Bring a story or come to hear one.",
        when: (5, "19:00"),
        capacity: Some(12),
        online: true,
    },
    Gathering {
        name: "Walk and Talk",
        purpose: "It is easier side by side than face to face.",
        title: "The long way round",
        description: "Six easy miles, back by lunch. Boots if it rained.",
        when: (6, "09:30"),
        capacity: Some(20),
        online: false,
    },
];
