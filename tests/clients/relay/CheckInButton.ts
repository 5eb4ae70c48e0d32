import { graphql } from 'relay-runtime';

// What the button shows. It is part of whatever screen spreads it.
graphql`
  fragment CheckInButton_progress on Progress {
    daysShownUp
    checkedInToday
  }
`;

graphql`
  query CheckInButtonQuery {
    me {
      progress {
        ...CheckInButton_progress
      }
    }
  }
`;

// With `@raw_response_type` the compiler writes the type of an optimistic answer, so that the button can turn
// green before the server has answered.
graphql`
  mutation CheckInButtonMutation($input: CheckInInput!) @raw_response_type {
    checkIn(input: $input) {
      checkIn {
        id
        localDate
        mood
      }
      progress {
        daysShownUp
        checkedInToday
      }
      errors {
        code
        message
        path
      }
    }
  }
`;
