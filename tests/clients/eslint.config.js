// Paths are from the top of the repository, where `npm run lint` runs.
import graphql from '@graphql-eslint/eslint-plugin';

const { 'flat/schema-recommended': schema, 'flat/schema-relay': relay } = graphql.configs;
const { 'flat/operations-recommended': operations } = graphql.configs;
const block = (files, rules) => ({
  files,
  plugins: { '@graphql-eslint': graphql },
  languageOptions: {
    parser: graphql.parser,
    parserOptions: {
      graphQLConfig: {
        schema: 'schema.graphql',
        documents: 'tests/clients/operations/*.graphql',
      },
    },
  },
  rules,
});

export default [
  block(['schema.graphql'], {
    ...schema.rules,
    ...relay.rules,
    // Takes `Me.memberId` and `Member.memberSince` for stammering; it cannot be told which fields are none.
    '@graphql-eslint/no-typename-prefix': 'off',
    '@graphql-eslint/relay-edge-types': [
      'error',
      {
        // The Relay specification asks that of no edge. `strict-id-in-types` below asks for an id.
        shouldImplementNode: false,
        // Lists that are short by nature are lists: the errors of a payload, the languages of a man.
        listTypeCanWrapOnlyEdgeType: false,
      },
    ],
    '@graphql-eslint/strict-id-in-types': [
      'error',
      {
        exceptions: {
          suffixes: ['Connection', 'Edge', 'Error', 'Payload'],
          types: [
            // There is one of each: you, and what hangs under you.
            'Account',
            'Installation',
            'CheckInReminder',
            'Credentials',
            'Me',
            'Ladder',
            'MoodTrend',
            'Progress',
            'QuietHours',
            // Vocabularies, known by their slugs.
            'Emotion',
            'LifeContext',
            'Topic',
            // Known by the id of its subject.
            'Change',
            // Hints, which are not kept.
            'CheckInRecorded',
            'NotificationReceived',
            'PartnerActivity',
            // Parts of what they hang under.
            'AcceptedTerms',
            'CrisisHelp',
            'CrisisLine',
            'EmergencyNumber',
            'MinimumAppVersion',
            'CircleMember',
            'DayAvailability',
            'EmailChange',
            'ProfileVisibility',
            'EmotionCount',
            'LadderRung',
            'LadderStep',
            'MemberTopic',
            'ProgressDay',
            'SharedCheckIn',
            'TrendWeek',
            'WeekLevel',
            'CommitmentDay',
            'PactSide',
            'PartnerDay',
            // What is only read, and never written over.
            'Consent',
            'LadderLogEntry',
            'LadderPreview',
            'ChangePage',
            'PageInfo',
          ],
        },
      },
    ],
  }),
  block(['tests/clients/operations/*.graphql'], operations.rules),
];
